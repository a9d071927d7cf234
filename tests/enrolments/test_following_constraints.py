"""What is never false about terms, events, proposals, waiting lists and requests, whoever writes them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from enrolments.models import (
    CancellationBand,
    CancellationTerms,
    EnrolmentEvent,
    ErasureRequest,
    SessionProposal,
    WaitingEntry,
)
from tests.constraints import refused
from tests.enrolments.changes import coming, enrolled, make_terms
from tests.worlds import World


def each_refused(rows: QuerySet[Any], *wrong: tuple[dict[str, Any], str]) -> None:
    for values, constraint in wrong:
        with refused(constraint):
            rows.update(**values)


def test_terms_and_bands(world: World) -> None:
    terms = make_terms()
    each_refused(
        CancellationTerms.objects.filter(pk=terms.pk),
        ({"substitution_rate": 101}, "terms_substitution_percent"),
        ({"day_count": "lunar"}, "terms_day_count_known"),
    )
    each_refused(
        CancellationBand.objects.filter(terms=terms, under_days=10),
        ({"under_days": 5}, "band_once_per_terms"),
        ({"under_days": 0}, "band_begins_before_the_session"),
        ({"cancel_rate": 101}, "band_rates_percent"),
        ({"move_rate": -1}, "band_rates_percent"),
    )


def test_events(world: World) -> None:
    enrolment = enrolled(world, coming(world, 9))
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"kind": "other"}, "event_kind_known"),
        ({"kind": "moved", "fee": -1}, "event_fee_sound"),
        ({"kind": "moved", "rate": 101}, "event_fee_sound"),
    ]
    for values, constraint in wrong:
        with refused(constraint):
            EnrolmentEvent.objects.create(enrolment=enrolment, **values)


def test_proposals_lists_and_requests(world: World) -> None:
    enrolment, today = enrolled(world, coming(world, 9)), timezone.localdate()
    proposal = SessionProposal.objects.create(
        order=enrolment.order, session=enrolment.session, kind="moved", previous_starts_on=today, previous_ends_on=today
    )
    each_refused(SessionProposal.objects.filter(pk=proposal.pk), ({"kind": "other"}, "proposal_kind_known"))
    entry = WaitingEntry.objects.create(session=enrolment.session, order_email="lea@armor.example")
    each_refused(WaitingEntry.objects.filter(pk=entry.pk), ({"state": "other"}, "waiting_state_known"))
    assert enrolment.participant is not None
    asked = ErasureRequest.objects.create(participant=enrolment.participant)
    each_refused(
        ErasureRequest.objects.filter(pk=asked.pk),
        ({"state": "other", "handled_at": timezone.now()}, "erasure_state_known"),
    )
