"""`python -m benchmarks prices`: what the negotiated prices of a page of 25 courses cost, against an empty page."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone
from stdnum.luhn import calc_check_digit

from accounts.models import Company, Establishment, User
from benchmarks.accords_world import fill_accords
from benchmarks.catalogue_world import fill_catalogue
from benchmarks.serving import watched
from catalogue.models import Course, Session
from catalogue.prices import Tariff, lines_in_force, subjects_of
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState
from enrolments.prices import prices_shown_to

COMPANIES, PAGE, ORDERS, SEATS = 250, 25, 2_000, 3
MEASURED_EMAIL = "prix@bench.example"


class Command(BaseCommand):
    help = "Mesure les prix négociés d’une page de 25 formations (docs/performance.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rounds", type=int, default=100, help="mesures")

    def handle(self, *, rounds: int, **_: Any) -> None:
        call_command("migrate", verbosity=0)
        fill_catalogue()
        place, person = self._client()
        fill_accords()
        self._orders(place, person)
        courses, today = list(Course.objects.select_related("domain").order_by("title", "pk")), timezone.localdate()
        page = courses[:PAGE]
        whole = Tariff(lines_in_force(place, today))

        def one_page() -> object:
            reader = User.objects.with_rights(person.pk)
            assert reader is not None
            return prices_shown_to(reader, page, today)

        def no_prices() -> object:
            return User.objects.with_rights(person.pk)

        with watched() as queries:
            shown = prices_shown_to(User.objects.get(pk=person.pk), page, today)
        negotiated = sum(price.negotiated is not None for price in shown.by_course.values())
        rows = [
            ("the person and their rights", no_prices, rounds),
            (f"the same, and the prices of {PAGE} courses", one_page, rounds),
            (
                f"prices of {len(courses)} courses, lines read before",
                lambda: [whole.price_of(one) for one in subjects_of(courses)],
                max(rounds // 20, 3),
            ),
        ]
        sys.stdout.write(f"{len(queries.statements)} queries with the rights, {negotiated} negotiated prices\n")
        for name, measured, times in rows:
            clock, processor = _timed(measured, times)
            sys.stdout.write(f"{name}: {clock:.1f} ms ({processor:.1f} ms of processor)\n")

    def _client(self) -> tuple[Establishment, User]:
        """250 companies, and someone who ordered for the first of them."""
        bodies = [f"{rank:08d}" for rank in range(1, COMPANIES + 1)]
        companies = Company.objects.bulk_create(
            Company(siren=body + calc_check_digit(body), name=f"Société {body}") for body in bodies
        )
        siret = f"{companies[0].siren}0001"
        place = Establishment.objects.create(company=companies[0], siret=siret + calc_check_digit(siret), name="Lille")
        person = User.objects.create_user(MEASURED_EMAIL)
        person.emailaddress_set.create(email=person.email, verified=True, primary=True)
        return place, person

    def _orders(self, place: Establishment, person: User) -> None:
        """Orders in the period of the accords, which their thresholds count."""
        session, today = Session.objects.earliest("pk"), timezone.localdate()
        orders = Order.objects.bulk_create(
            Order(
                number=f"BEN-{rank:05d}",
                order_email=person.email,
                establishment=place,
                state=OrderState.VALIDATED,
                placed_on=today - timedelta(days=rank % 600),
            )
            for rank in range(ORDERS)
        )
        Enrolment.objects.bulk_create(
            Enrolment(
                number=f"BEN-{order.number}-{seat}",
                order=order,
                session=session,
                state=EnrolmentState.CONFIRMED,
                public_price=Decimal(1000),
                price=Decimal(1000),
            )
            for order in orders
            for seat in range(SEATS)
        )


def _timed(measured: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Medians in milliseconds, by the clock and of this process's processor time, after a few rounds to warm up."""
    clocks, processors = [], []
    for rank in range(rounds + 5):
        clock, processor = time.perf_counter(), time.process_time()
        measured()
        if rank >= 5:
            clocks.append((time.perf_counter() - clock) * 1000)
            processors.append((time.process_time() - processor) * 1000)
    return median(clocks), median(processors)
