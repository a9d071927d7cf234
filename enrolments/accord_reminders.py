"""The mail that says, once, that an accord-cadre ends within 60 days."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_tasks import task

from accounts.mails import link_to, send
from accounts.models import Access, NotificationKind, User
from accounts.notifications import wants
from accounts.roles import Role
from catalogue.models import AccordCadre

from .accord_seats import covered_by
from .agreements import ENDING_DAYS, agreements_open_to, successor_of, with_coverage
from .models import Order, OrderChannel, OrderState


@task()
def announce_ending_accords() -> None:
    """Announce the ends that come near and were not announced yet; a chore, once a day."""
    today = timezone.localdate()
    for pk in _to_announce(today).values_list("pk", flat=True):
        _announce(pk, today)


def _to_announce(today: date) -> QuerySet[AccordCadre]:
    near = AccordCadre.objects.in_force(today).filter(ends_on__lte=today + timedelta(days=ENDING_DAYS))
    return near.filter(~Q(announced_end=F("ends_on")) | Q(announced_end__isnull=True))


@transaction.atomic
def _announce(pk: int, today: date) -> None:
    """Tell of one accord whoever sees its end on their dashboard; locked, so that two workers tell of it once."""
    accord = _to_announce(today).select_for_update(no_key=True, of=("self",)).filter(pk=pk).first()
    if accord is None or successor_of(accord, with_coverage(AccordCadre.objects.filter(company=accord.company_id))):
        return
    for user in _people(accord):
        if not wants(user, NotificationKind.AGREEMENTS):
            continue
        if agreements_open_to(User.objects.rights_of(user.pk)).filter(pk=accord.pk).exists():
            context = {"accord": accord, "url": link_to("accord_detail", accord.pk)}
            send("accord_ending", user.email, context, key=f"accord-ending-{accord.pk}-{accord.ends_on}-{user.pk}")
    AccordCadre.objects.filter(pk=accord.pk).update(announced_end=accord.ends_on)


def _people(accord: AccordCadre) -> QuerySet[User]:
    """Administrators of what the accord covers, and who ordered for it on the site in its period."""
    places = covered_by(accord).values("pk")
    administrators = Access.objects.in_force().filter(role=Role.ADMINISTRATOR, establishment__in=places)
    orderers = Order.objects.filter(
        establishment__in=places,
        channel=OrderChannel.SITE,
        state=OrderState.VALIDATED,
        placed_on__range=(accord.starts_on, accord.ends_on),
    )
    people = Q(pk__in=administrators.values("user")) | Q(email__in=orderers.values("order_email"))
    return User.objects.filter(people, is_active=True).order_by("pk")
