"""Erasing a participant (RGPD, article 17): the name goes wherever the law lets it, and what stays is said."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from enrolments.models import Enrolment, ErasureRequest, ErasureState, Participant, WaitingEntry, WaitingState
from enrolments.notices import tell_erasure

NAMES = ("last_name", "first_name", "email")


@transaction.atomic
def ask_erasure(*, participant: Participant, actor: User, reason: str) -> ErasureRequest:
    """Ask staff to erase somebody; the request that waits already when there is one.

    Participant.DoesNotExist for whoever may not manage them, read again here.
    """
    held = lock_managed(actor, [participant.pk])[participant.pk]
    waiting = ErasureRequest.objects.filter(participant=held, state=ErasureState.OPEN).first()
    return waiting or ErasureRequest.objects.create(participant=held, requested_by=actor, reason=reason)


def lock_managed(actor: User, ids: list[int]) -> dict[int, Participant]:
    """These people, locked in the order of their ids; Participant.DoesNotExist when the actor may not manage one."""
    rows = Participant.objects.select_for_update(of=["self"], no_key=True).filter(pk__in=ids).order_by("pk")
    held = {row.pk: row for row in rows}
    allowed = Participant.objects.managed_with(User.objects.rights_of(actor.pk)).filter(pk__in=ids)
    if set(allowed.values_list("pk", flat=True)) != set(ids):
        raise Participant.DoesNotExist
    return held


def kept_because(participant: Participant) -> list[str]:
    """What an erasure leaves as it is, and by which law, in French."""
    seats = Enrolment.objects.filter(participant=participant)
    kept = []
    if seats.exists():
        kept.append(
            _(
                "Les conventions, attestations, feuilles d’émargement et factures déjà émises gardent le nom : elles "
                "prouvent la formation (Code du travail, L6362-5 et R6313-3) et la comptabilité se conserve dix ans "
                "(Code de commerce, L123-22). Article 17.3 b du RGPD."
            )
        )
        kept.append(_("Les inscriptions restent, sans le nom : dates, heures, prix et commande."))
    return kept


def to_do_first(participant: Participant) -> list[str]:
    """What staff should see to before they erase somebody; no part of the answer."""
    coming = Enrolment.objects.filter(participant=participant, starts_on__gte=timezone.localdate()).active()
    if coming.exists():
        return [_("Cette personne est encore inscrite à une session à venir : remplacez-la ou annulez d’abord.")]
    return []


@transaction.atomic
def erase(*, request: ErasureRequest, actor: User, answer: str) -> ErasureRequest:
    """Pseudonymise the participant, and those merged with them. Documents that were issued are files: they stay.

    ValidationError when the request has its answer.
    """
    held = _open(request)
    same = Q(pk=held.participant_id) | Q(merged_into=held.participant_id)
    people = list(Participant.objects.select_for_update().filter(same).order_by("pk"))
    for person in people:
        person.last_name, person.first_name = _("Personne effacée n° %d") % person.pk, ""
        person.email = person.erp_key = ""
        person.decide(NAMES)
        person.save(update_fields=[*NAMES, "erp_key", "decided_in_portal"])
    WaitingEntry.objects.listed().filter(participant__in=people).update(state=WaitingState.LEFT, held_until=None)
    return _answered(held, ErasureState.DONE, actor, "\n".join([answer, *kept_because(held.participant)]).strip())


@transaction.atomic
def refuse(*, request: ErasureRequest, actor: User, answer: str) -> ErasureRequest:
    """Leave the participant as they are, and say why. ValidationError when the request has its answer."""
    return _answered(_open(request), ErasureState.REFUSED, actor, answer)


def _open(request: ErasureRequest) -> ErasureRequest:
    held = ErasureRequest.objects.select_for_update(of=["self"]).select_related("participant").get(pk=request.pk)
    if held.state != ErasureState.OPEN:
        raise ValidationError(_("Cette demande a déjà sa réponse."))
    return held


def _answered(held: ErasureRequest, state: ErasureState, actor: User, answer: str) -> ErasureRequest:
    held.state, held.handled_by, held.handled_at, held.answer = state, actor, timezone.now(), answer
    held.save(update_fields=["state", "handled_by", "handled_at", "answer"])
    tell_erasure(held)
    return held
