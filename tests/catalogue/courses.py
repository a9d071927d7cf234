"""A small catalogue for the tests of search and pages."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from catalogue.models import Course, Domain, Session, SessionState
from tests.worlds import make_session, number


def make_course(title: str, domain: Domain, **fields: Any) -> Course:
    values: dict[str, Any] = {"days": Decimal(3), "hours": Decimal(21), "public_price": Decimal("1500.00"), **fields}
    return Course.objects.create(reference=values.pop("reference", number("REF")), title=title, domain=domain, **values)


def make_domain(label: str, parent: Domain | None = None) -> Domain:
    return Domain.objects.create(code=number("DOM"), label=label, parent=parent)


def coming(course: Course, days: int, state: SessionState = SessionState.OPEN, **fields: Any) -> Session:
    """A session that begins in so many days."""
    session = make_session(course, timezone.localdate() + timedelta(days=days), state)
    Session.objects.filter(pk=session.pk).update(**fields)
    session.refresh_from_db()
    return session
