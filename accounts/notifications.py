"""Whether a person wants a mail: asked just before it is written, by whoever writes it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from accounts.models import NotificationChoices, NotificationKind, User

__all__ = ["NotificationKind", "choose", "declined_by", "wants"]


def wants(person: User | str, kind: NotificationKind) -> bool:
    """Whether this person, or whoever logs in with this address (in normal form), gets mails of this kind.

    Everybody does until they decline; an address without an account gets them all.
    """
    whose = Q(user__email=person) if isinstance(person, str) else Q(user=person)
    return not NotificationChoices.objects.filter(whose, declined__contains=[kind.value]).exists()


def declined_by(user: User) -> set[NotificationKind]:
    """The kinds that a person declined."""
    row = NotificationChoices.objects.filter(user=user).first()
    return {NotificationKind(one) for one in row.declined if one in NotificationKind.values} if row else set()


def choose(*, user: User, wanted: Iterable[NotificationKind]) -> None:
    """Keep exactly the kinds of `wanted`, from the next mail on."""
    declined = sorted(set(NotificationKind.values) - {kind.value for kind in wanted})
    NotificationChoices.objects.update_or_create(user=user, defaults={"declined": declined})
