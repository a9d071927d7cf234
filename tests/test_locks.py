"""Locks 1 and 2: nothing without a login unless marked public; nothing read in a view but what the key hands out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(settings.BASE_DIR)
OURS = ("accounts", "catalogue", "enrolments", "documents")
# The names that a model's manager may be asked for where requests are answered.
KEYS = {"visible_to", "manageable_by", "visible_by_branch"}
PUBLIC = {
    "evaluation_answer",
    "home",
    "help",
    "legal",
    "accessibility",
    "health",
    "invitation",
    "invitation_open",
    "calendar_feed",
} | {
    *("catalogue", "course_detail", "course_programme", "sitemap", "robots", "favicon", "verification"),
}


def sources() -> list[Path]:
    """Views, forms, filters, exports and searches: wherever a request chooses what is read."""
    names = {"views.py", "forms.py", "filters.py", "exports.py", "presentation.py", "figures.py", "lists.py"}
    names |= {"access_forms.py", "access_listing.py"}
    found = [path for app in OURS for path in (ROOT / app).rglob("*.py") if path.name in names]
    found.append(ROOT / "espace_client" / "finding.py")
    return found + [path for path in (ROOT / "espace_client" / "views").glob("*.py") if path.name != "__init__.py"]


def model_names() -> set[str]:
    return {model.__name__ for model in apps.get_models()}


def forbidden_uses(source: str) -> list[str]:
    """Every `Model.objects…` that does not begin with a key, every `_default_manager`, and every raw SQL."""
    tree, models, wrong = ast.parse(source), model_names(), []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        if node.attr in ("_default_manager", "_base_manager"):
            wrong.append(f"line {node.lineno}: {node.attr}")
        match node.value:
            case ast.Attribute(value=ast.Name(id=model), attr="objects") if model in models and node.attr not in KEYS:
                wrong.append(f"line {node.lineno}: {model}.objects.{node.attr}")
    for node in ast.walk(tree):
        # `Model.objects` handed to a function (get_object_or_404(Model.objects), a ModelChoiceField) is as open.
        if isinstance(node, ast.Call):
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                named = (
                    argument.value if isinstance(argument, ast.Attribute) and argument.attr == "objects" else argument
                )
                if isinstance(named, ast.Name) and named.id in models:
                    wrong.append(f"line {node.lineno}: {named.id} handed over whole")
    return wrong


def test_views_read_models_through_the_key_only() -> None:
    files, uses = sources(), 0
    for path in files:
        text = path.read_text()
        uses += text.count(".objects.visible_to(") + text.count(".objects.visible_by_branch(")
        # `accounts.lists` pages whatever querysets it was given: the union of their keys goes through the model.
        allowed = 1 if path.match("accounts/lists.py") else 0
        wrong = forbidden_uses(text)
        assert len(wrong) == allowed, f"{path}: {wrong}"
    assert len(files) >= 12
    assert uses >= 15, "the lock looked at nothing"


@pytest.mark.parametrize(
    "source",
    [
        "Order.objects.all()",
        "Order.objects.filter(pk=1)",
        "get_object_or_404(Order, pk=1)",
        "get_object_or_404(Order.objects, pk=1)",
        "x = Document._default_manager",
    ],
)
def test_the_lock_sees_what_it_must_refuse(source: str) -> None:
    assert forbidden_uses(source)


def views_of(patterns: list[URLPattern | URLResolver]) -> dict[str, object]:
    found: dict[str, object] = {}
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                found |= views_of(pattern.url_patterns)
        else:
            found[str(pattern.name)] = pattern.callback
    return found


def test_only_the_marked_views_are_public() -> None:
    views = {
        name: view
        for name, view in views_of(get_resolver().url_patterns).items()
        if not getattr(view, "__module__", "").startswith("allauth")
    }
    public = {name for name, view in views.items() if not getattr(view, "login_required", True)}
    assert public == PUBLIC
    assert "django.contrib.auth.middleware.LoginRequiredMiddleware" in settings.MIDDLEWARE
