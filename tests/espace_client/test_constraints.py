"""What is never false about imports; and no rule of the database without a test that breaks it."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils import timezone

from espace_client.models import ImportRun
from tests.constraints import refused

APPS = ("accounts", "catalogue", "enrolments", "documents", "espace_client")

BREAKERS = {"refused", "taken_out", "kept_by"}


def broken_in(source: str) -> set[str]:
    """The names that tests of this file hand to a breaker, straight or in a table that the test goes through."""
    module = ast.parse(source)
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    tables = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    helpers = {one.name for one in functions if not one.name.startswith("test_") and _hands_on(one)}
    found: set[str] = set()
    for function in functions:
        for call in _calls(function, BREAKERS | helpers):
            found |= _texts(*call.args)
        if function.name.startswith("test_") and _hands_on(function):
            used = [tables[one.id] for one in ast.walk(function) if isinstance(one, ast.Name) and one.id in tables]
            spoken = function.body[1:] if ast.get_docstring(function) is not None else function.body
            found |= _texts(*function.decorator_list, *spoken, *used)
    return found


def _calls(function: ast.FunctionDef, names: set[str]) -> list[ast.Call]:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    return [one for one in calls if isinstance(one.func, ast.Name) and one.func.id in names]


def _hands_on(function: ast.FunctionDef) -> bool:
    """Whether it hands a name to a breaker that it does not write out."""
    return any(not isinstance(arg, ast.Constant) for call in _calls(function, BREAKERS) for arg in call.args)


def _texts(*nodes: ast.AST) -> set[str]:
    constants = [node for one in nodes for node in ast.walk(one) if isinstance(node, ast.Constant)]
    return {node.value for node in constants if isinstance(node.value, str)}


def test_an_import_is_sound(db: None) -> None:
    run = ImportRun.objects.create(folder="/depot")
    rows = ImportRun.objects.filter(pk=run.pk)
    with refused("import_status_known"):
        rows.update(status="maybe")
    with refused("import_finishes_after_it_starts"):
        rows.update(finished_at=timezone.now() - timedelta(days=1))


def test_every_rule_of_the_database_is_broken_somewhere(db: None) -> None:
    """Constraints of the models, and triggers, by name: each is tried to be broken, or taken out, by a test."""
    root = Path(settings.BASE_DIR)
    broken = set().union(*(broken_in(path.read_text()) for path in root.glob("tests/**/test_*.py")))
    rules = {
        constraint.name
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        for constraint in model._meta.constraints
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        rules |= {name for (name,) in cursor.fetchall()}
    for migration in root.glob("*/migrations/0*.py"):
        rules |= set(re.findall(r"CONSTRAINT = '(\w+)'", migration.read_text()))
    assert len(rules) > 60
    assert rules - broken == set()


@pytest.mark.parametrize(
    ("source", "broken"),
    [
        ("def test_a():\n  with refused('rule'): pass", {"rule"}),
        ("def test_a():\n  with taken_out('rule'): pass", {"rule"}),
        ("@kept_by('one', 'two')\ndef test_a(): pass", {"one", "two"}),
        ("@parametrize('x', ['rule'])\ndef test_a(x):\n  with refused(x): pass", {"x", "rule"}),
        ("T = [({}, 'rule')]\n@parametrize('x', T)\ndef test_a(x):\n  with refused(x): pass", {"x", "rule"}),
        ("def each(*a):\n  with refused(a[0]): pass\ndef test_a():\n  each({}, ('f', 'rule'))", {"f", "rule"}),
        ("def test_a():\n  'About rule.'\n  assert 'rule'", set()),
        ("def test_a(x):\n  'About rule.'\n  with refused(x): pass", set()),
        ("RULE = 'rule'\ndef test_a(): pass", set()),
    ],
)
def test_a_rule_that_is_only_spoken_of_is_not_broken(source: str, broken: set[str]) -> None:
    assert broken_in(source) == broken
