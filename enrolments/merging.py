"""Two rows that are one person: merged, with a way back; and a name that was misspelt, corrected."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from enrolments.erasure import NAMES, lock_managed
from enrolments.models import Enrolment, Participant, ParticipantMerge, WaitingEntry, WaitingState
from enrolments.participants import Home


@transaction.atomic
def correct_name(*, actor: User, participant: Participant, last_name: str, first_name: str, email: str) -> Participant:
    """Write the names as they are; no drop of the ERP changes them back. Documents that were issued keep the old ones.

    Participant.DoesNotExist for whoever may not manage them, read again here.
    """
    held = lock_managed(actor, [participant.pk])[participant.pk]
    held.last_name, held.first_name, held.email = last_name, first_name, email
    held.decide(NAMES)
    held.save(update_fields=[*NAMES, "decided_in_portal"])
    return held


@transaction.atomic
def merge(*, actor: User, kept: Participant, merged: Participant) -> ParticipantMerge:
    """Give the whole history of `merged` to `kept`; what the ERP calls `merged` is `kept` from now on.

    ValidationError, in French, when they are not of one company or sit in one session; Participant.DoesNotExist when
    the actor may not manage both.
    """
    if kept.pk == merged.pk:
        raise ValidationError(_("Choisissez deux personnes différentes."))
    held = lock_managed(actor, [kept.pk, merged.pk])
    one, other = held[kept.pk], held[merged.pk]
    if Home.of_participant(one) != Home.of_participant(other):
        raise ValidationError(_("Ces deux personnes ne sont pas de la même entreprise."))
    if one.merged_into_id is not None or other.merged_into_id is not None:
        raise ValidationError(_("L’une de ces personnes est déjà fusionnée : rechargez la page."))
    if _sit_together(one, other):
        raise ValidationError(_("Ces deux personnes sont inscrites à la même session : ce ne peut être une seule."))
    moved = _seat(Enrolment.objects.filter(participant=other), one)
    _wait(other, one)
    Participant.objects.filter(merged_into=other).update(merged_into=one)
    other.merged_into = one
    other.save(update_fields=["merged_into"])
    return ParticipantMerge.objects.create(kept=one, merged=other, enrolments=moved, by=actor)


@transaction.atomic
def undo_merge(*, actor: User, merge: ParticipantMerge) -> ParticipantMerge:
    """Give back what was taken over, but for what went to somebody else since. ValidationError when it was undone."""
    lock_managed(actor, [merge.kept_id])
    held = ParticipantMerge.objects.select_for_update(of=["self"]).select_related("merged").get(pk=merge.pk)
    if held.undone_at is not None:
        raise ValidationError(_("Cette fusion est déjà défaite."))
    back = held.merged
    back.merged_into = None
    back.save(update_fields=["merged_into"])
    _seat(Enrolment.objects.filter(pk__in=held.enrolments, participant=held.kept_id), back)
    held.undone_at, held.undone_by = timezone.now(), actor
    held.save(update_fields=["undone_at", "undone_by"])
    return held


def _sit_together(one: Participant, other: Participant) -> bool:
    theirs = Enrolment.objects.active().filter(participant=one).values("session")
    return Enrolment.objects.active().filter(participant=other, session__in=theirs).exists()


def _seat(rows: QuerySet[Enrolment], participant: Participant) -> list[int]:
    """Give these seats to the participant, for good; returns their ids."""
    seats = list(rows.select_for_update(of=["self"]).order_by("pk"))
    for seat in seats:
        seat.participant = participant
        seat.decide(["participant"])
    Enrolment.objects.bulk_update(seats, ["participant", "decided_in_portal"], batch_size=500)
    return [seat.pk for seat in seats]


def _wait(other: Participant, one: Participant) -> None:
    """Places in waiting lists follow, but where both of them waited."""
    already = WaitingEntry.objects.listed().filter(participant=one).values("session")
    twice = WaitingEntry.objects.listed().filter(participant=other, session__in=already, state=WaitingState.WAITING)
    twice.update(state=WaitingState.LEFT)
    alone = WaitingEntry.objects.listed().filter(participant=other).exclude(session__in=already)
    alone.update(participant=one)
