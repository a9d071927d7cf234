"""What a change of one enrolment would cost today, and why, in a sentence: what is shown before it is confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enrolments.fees import FREE, Band, Fee, days_before, fee_of
from enrolments.models import CancellationTerms, DayCount, Enrolment, OrderState, SessionProposal


class Change(models.TextChoices):
    SUBSTITUTE = "remplacer", gettext_lazy("Remplacer")
    MOVE = "deplacer", gettext_lazy("Déplacer")
    CANCEL = "annuler", gettext_lazy("Annuler")


@dataclass(frozen=True, slots=True)
class Quote:
    """The fee of a change, EUR HT, and the sentence that says why; it names a percentage, never an amount."""

    change: Change
    fee: Fee
    reason: str


def quote(enrolment: Enrolment, change: Change, today: date) -> Quote:
    """What the terms of the day the order was placed say of this change. Needs the enrolment's order and session."""
    if change == Change.SUBSTITUTE and enrolment.participant_id is None:
        return Quote(change, FREE, _("Désigner un participant est toujours gratuit."))
    if enrolment.order.state != OrderState.VALIDATED:
        return Quote(change, FREE, _("Sans frais : la commande n’est pas encore validée."))
    if SessionProposal.objects.open().filter(order=enrolment.order_id, session=enrolment.session_id).exists():
        return Quote(change, FREE, _("Sans frais : nous avons annulé ou déplacé cette session."))
    terms = CancellationTerms.objects.in_force(enrolment.order.placed_on)
    if terms is None:
        return Quote(change, FREE, _("Sans frais : aucune condition d’annulation ne s’applique à cette commande."))
    working = terms.day_count == DayCount.WORKING
    days = days_before(today, enrolment.session.starts_on, working=working)
    fee = fee_of(enrolment.price, days, _bands(terms, change))
    return Quote(change, fee, _reason(terms, change, fee, days, working=working))


def _bands(terms: CancellationTerms, change: Change) -> list[Band]:
    if change == Change.SUBSTITUTE:
        return [Band(terms.free_substitution_days, terms.substitution_rate)]
    rates = {Change.MOVE: "move_rate", Change.CANCEL: "cancel_rate"}
    return [Band(band.under_days, getattr(band, rates[change])) for band in terms.bands.all()]


def _reason(terms: CancellationTerms, change: Change, fee: Fee, days: int, *, working: bool) -> str:
    left = _days(days, working=working)
    when = _("Il reste %s avant le début") % left if days else _("La session commence aujourd’hui")
    if fee.free or fee.under_days is None:
        if change == Change.SUBSTITUTE:
            limit = _days(terms.free_substitution_days, working=working)
            return _("%(when)s : le remplacement est gratuit jusqu’à %(limit)s avant.") % {"when": when, "limit": limit}
        return _("%s : c’est gratuit à cette date.") % when
    values = {"when": when, "rate": percent(fee.rate), "limit": _days(fee.under_days, working=working)}
    if change == Change.MOVE:
        return _("%(when)s : à moins de %(limit)s, un report coûte %(rate)s du prix HT.") % values
    if change == Change.SUBSTITUTE:
        return _("%(when)s : à moins de %(limit)s, un remplacement coûte %(rate)s du prix HT.") % values
    return _("%(when)s : à moins de %(limit)s, une annulation coûte %(rate)s du prix HT.") % values


def _days(count: int, *, working: bool) -> str:
    if working:
        return ngettext("%d jour ouvré", "%d jours ouvrés", count) % count
    return ngettext("%d jour", "%d jours", count) % count


def percent(rate: Decimal) -> str:
    """ "12,5 %" """
    return f"{rate.normalize():f}".replace(".", ",") + "\u00a0%"
