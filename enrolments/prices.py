"""Which prices a person is shown and an order gets: who may see negotiated ones (rule 7), for which establishment, why.

The establishment decides. A person who may see the prices of several is shown those of one that an accord covers,
preferably the one of their last order, otherwise the first by name; its name goes beside the price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from accounts.models import Establishment, User
from accounts.readings import read, read_within
from accounts.rights import Rights
from accounts.typography import money
from catalogue.models import AccordCadre, Course
from catalogue.prices import Tariff, subjects_of
from catalogue.pricing import NextTier, Price, Subject

from .buyers import buyers, entitled
from .tariffs import around_buyer, tariff_of, tariff_of_rows


def _buyer(user: User, on: date) -> tuple[Establishment, bool] | None:
    """The establishment whose prices are shown, and whether an accord covers it on that day; None: public prices."""
    return buyer_of(read(buyers, user, on=on))


def _buyer_and_tariff(
    user: User, on: date, subjects: Sequence[Subject]
) -> tuple[tuple[Establishment, bool] | None, Tariff]:
    """`_buyer`, with the lines that hold for it and concern these subjects, in one query."""
    around, more = around_buyer(on, subjects)
    rows = read_within(around, more, buyers, user, on=on)
    return buyer_of(rows), tariff_of_rows(rows)


def buyer_of(rows: Sequence[Sequence[Any]]) -> tuple[Establishment, bool] | None:
    """The buyer of rows that begin with the columns of `buyers`."""
    if not rows:
        return None
    pk, company_id, name, is_covered, *_line = rows[0]
    return Establishment(pk=pk, company_id=company_id, name=name), is_covered


@dataclass(frozen=True, slots=True)
class ShownPrice:
    """What a page says of the price of one seat. EUR HT; `negotiated` is None where the public price applies.

    `next_tier`: what more orders would give, of an accord with thresholds.
    """

    price: Price
    establishment_name: str = ""
    next_tier: NextTier | None = None

    @property
    def public(self) -> Decimal:
        return self.price.public

    @property
    def negotiated(self) -> Decimal | None:
        return self.price.amount if self.price.saving else None

    @property
    def saving(self) -> Decimal:
        return self.price.saving

    @property
    def accord_reference(self) -> str:
        return self.price.line.accord_reference if self.price.line else ""

    @property
    def until(self) -> date | None:
        """The last day on which the line holds."""
        return self.price.line.ends_on if self.price.line else None

    @property
    def explanation(self) -> str:
        return self.price.explanation

    @property
    def next_tier_words(self) -> str:
        """ "Encore 3 places commandées, et la place est à 820,00 € HT."; "" without a tier in sight."""
        if self.next_tier is None:
            return ""
        figures = {"seats": self.next_tier.missing, "price": money(self.next_tier.amount)}
        if self.next_tier.missing == 1:
            return _("Encore une place commandée, et la suivante est à %(price)s HT.") % figures
        return _("Encore %(seats)s places commandées, et la suivante est à %(price)s HT.") % figures


@dataclass(frozen=True, slots=True)
class PricesShown:
    """The prices of a page, by course (id), and for whom. `reason`: why they are public ones; "" if they are not."""

    by_course: Mapping[int, ShownPrice]
    establishment: Establishment | None
    reason: str

    def __getitem__(self, course_id: int) -> ShownPrice:
        return self.by_course[course_id]


def prices_shown_to(user: User | AnonymousUser, courses: Sequence[Course], on: date) -> PricesShown:
    """The prices of these courses as a person may see them on a day; four queries at most, however many courses.

    The courses' domains cost one of these unless they come with the courses (`select_related("domain")`).
    """
    return prices_of(user, subjects_of(courses), on)


def prices_of(user: User | AnonymousUser, subjects: Sequence[Subject], on: date) -> PricesShown:
    """`prices_shown_to`, of subjects."""
    buyer, tariff = _buyer_and_tariff(user, on, subjects) if user.is_authenticated else (None, Tariff([]))
    if buyer is None or not buyer[1]:
        public = Tariff([])
        return PricesShown(
            {subject.course_id: ShownPrice(public.price_of(subject)) for subject in subjects},
            buyer[0] if buyer else None,
            reason_of(user, buyer),
        )
    establishment = buyer[0]
    return PricesShown(
        {
            subject.course_id: ShownPrice(tariff.price_of(subject), establishment.name, tariff.next_tier(subject))
            for subject in subjects
        },
        establishment,
        "",
    )


def why_public(user: User | AnonymousUser, on: date) -> str:
    """The sentence that says why a person sees public prices on a day; "" when an accord is in force for them."""
    return reason_of(user, _buyer(user, on) if user.is_authenticated else None)


def reason_of(user: User | AnonymousUser, buyer: tuple[Establishment, bool] | None) -> str:
    """Nobody whom rule 7 does not let in learns from it whether their company has an accord."""
    if buyer is not None:
        return "" if buyer[1] else _no_accord(buyer[0])
    if not user.is_authenticated:
        return _("Connectez-vous pour voir les prix de votre accord-cadre.")
    if user.rights.email is None and not user.rights.establishments:
        return _("Confirmez votre adresse email pour voir les prix de votre accord-cadre.")
    if user.rights.establishments:
        return _("Votre accès ne comprend pas les montants : seuls les prix publics vous sont montrés.")
    return _(
        "Prix publics. Si votre entreprise a un accord-cadre, ses prix s’afficheront ici dès que notre équipe aura "
        "validé une première inscription que vous aurez faite sur le site."
    )


def _no_accord(establishment: Establishment) -> str:
    return _("Aucun accord-cadre n’est en vigueur pour %(establishment)s : les prix publics s’appliquent.") % {
        "establishment": establishment.name
    }


def prices_for_order(
    rights: Rights, establishment: Establishment | None, courses: Sequence[Course], on: date
) -> dict[int, Price]:
    """What an order of this person for this establishment is charged, by course (id); to be frozen on its enrolments.

    Public prices for whoever may not see the negotiated ones yet (rule 7), or for an establishment not known yet. A
    service passes rights that it has read inside its lock, and calls `lock_accords` before.
    """
    known = establishment is not None and entitled(rights).filter(pk=establishment.pk).exists()
    subjects = subjects_of(courses)
    tariff = tariff_of(establishment, on, subjects) if known and establishment is not None else Tariff([])
    return {subject.course_id: tariff.price_of(subject) for subject in subjects}


def lock_accords(establishment: Establishment, on: date) -> None:
    """Wait for whoever changes the accords in force or orders under them, then hold them until the transaction ends.

    Between this and the commit no line that gave a price can be rewritten, and no other order passes a threshold.
    """
    accords = AccordCadre.objects.covering(establishment).in_force(on).order_by("pk")
    list(accords.select_for_update(no_key=True, of=("self",)).values_list("pk"))
