"""Builds the demonstration, says whether it is there, and takes it away."""

from datetime import date

from django.apps import apps
from django.contrib.sessions.models import Session as WebSession
from django.db import connection, transaction
from django.db.models import Model

from accounts.models import User
from documents.models import Deposit, Document, documents_storage
from enrolments.models import Order

from .access_journal import make_access_journal
from .accords import make_accords
from .cast import STAFF_EMAIL
from .catalogue import make_catalogue, make_sessions
from .drafts import all_drafts
from .filing import file_sheets, number_sheets
from .following import make_following
from .issued import record_issues
from .journal import make_exceptions, make_imports, make_journal
from .library import make_library
from .ordering import make_ordering
from .orders import make_orders, settle_sessions
from .papers import all_sheets
from .press import Press
from .story import FULL, Scale, Story
from .tenants import make_companies, make_invitations, make_people, make_reviews

APPS = ("accounts", "catalogue", "enrolments", "documents", "espace_client")


@transaction.atomic
def build(*, today: date, press: Press, scale: Scale = FULL) -> Story:
    """Make everything, or nothing: a build that is killed leaves an empty database (and files that no row names)."""
    story = Story(today=today, scale=scale)
    make_companies(story)
    make_people(story)
    make_invitations(story)
    make_reviews(story)
    make_catalogue(story)
    make_sessions(story)
    make_accords(story)
    drafts = all_drafts(story)
    make_orders(story, drafts)
    settle_sessions(story)
    make_following(story)
    make_ordering(story)
    scenes = {order.pk: draft.story for order, draft in zip(story.orders, drafts, strict=True)}
    sheets = all_sheets(story, scenes)
    number_sheets(sheets)
    record_issues(story, sheets, file_sheets(story, sheets, press))
    make_library(story)
    make_exceptions(story)
    make_journal(story)
    make_access_journal(story)
    make_imports(story)
    return story


def is_present() -> bool:
    return User.objects.filter(email=STAFF_EMAIL).exists()


def is_empty() -> bool:
    """Whether the database has nobody and no order: then a demonstration spoils nothing."""
    return not User.objects.exists() and not Order.objects.exists()


def erase() -> None:
    """Empty every table of the portal, and the store of the files that they named.

    TRUNCATE, because documents refuse DELETE (a trigger); CASCADE takes what refers to accounts with it: addresses,
    second factors, admin history. Files go last, once the tables are empty for good.
    """
    names = list(Document.objects.values_list("file", flat=True).distinct())
    names += Deposit.objects.exclude(original="").values_list("original", flat=True).distinct()
    models: list[type[Model]] = [
        WebSession,
        *(model for app in APPS for model in apps.get_app_config(app).get_models()),
    ]
    quoted = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {quoted} RESTART IDENTITY CASCADE")
    storage = documents_storage()
    for name in names:
        storage.delete(name)


def count_documents() -> int:
    return Document.objects.count()
