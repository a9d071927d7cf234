"""What is never false about imports; and no rule of the database without a test that breaks it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils import timezone

from espace_client.models import ImportRun
from tests.constraints import refused

APPS = ("accounts", "catalogue", "enrolments", "documents", "espace_client")


def test_an_import_is_sound(db: None) -> None:
    run = ImportRun.objects.create(folder="/depot")
    rows = ImportRun.objects.filter(pk=run.pk)
    with refused("import_status_known"):
        rows.update(status="maybe")
    with refused("import_finishes_after_it_starts"):
        rows.update(finished_at=timezone.now() - timedelta(days=1))


def test_every_rule_of_the_database_is_broken_somewhere(db: None) -> None:
    """Constraints of the models, and triggers, by name: each is named in a test."""
    root = Path(settings.BASE_DIR)
    tests = "".join(path.read_text() for path in root.glob("tests/**/test_*.py"))
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
    assert {rule for rule in rules if rule not in tests} == set()
