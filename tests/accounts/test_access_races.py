"""Two people at the same instant, with real connections: each race ends well, and shows that its lock is what does it.

Every race is also run without the lock of the establishment. If it then ended well too, the race would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection
from django.utils import timezone

from accounts import services
from accounts.accepting import accept
from accounts.changing import change_access, take_away
from accounts.document_types import DocumentType
from accounts.invitations import Offer, invite
from accounts.models import Access, AccessEvent, AccessEventType, Establishment, Invitation, User
from accounts.models.user import UserManager
from accounts.roles import Role
from tests.worlds import World, give_access, make_user, make_world

pytestmark = pytest.mark.django_db(transaction=True)
REFUSALS = (PermissionDenied, ValidationError, IntegrityError, Access.DoesNotExist)


@pytest.fixture
def committed() -> World:
    return make_world()


def at_once(*acts: Callable[[], Any]) -> list[object]:
    """Run each on a thread and a connection of its own, from the same instant; what each returned, or its refusal."""
    barrier, results = Barrier(len(acts)), [object()] * len(acts)

    def run(rank: int) -> None:
        barrier.wait()
        try:
            results[rank] = acts[rank]()
        except REFUSALS as refusal:
            results[rank] = refusal
        finally:
            connection.close()

    threads = [Thread(target=run, args=(rank,)) for rank in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@contextmanager
def slowly(monkeypatch: pytest.MonkeyPatch, *, locked: bool) -> Iterator[None]:
    """Whoever has read rights waits until the other has read them too, or is known to be kept from it by a lock."""
    read, meet = UserManager.rights_of, Barrier(2)

    def hesitate(self: Any, user_id: int) -> Any:
        rights = read(self, user_id)
        with suppress(BrokenBarrierError):
            meet.wait(0.5 if locked else 4)
        return rights

    monkeypatch.setattr(UserManager, "rights_of", hesitate)
    if not locked:
        rows = Establishment.objects.all
        monkeypatch.setattr(type(rows()), "select_for_update", lambda self, **_options: self)
    yield
    monkeypatch.undo()


@pytest.mark.parametrize("locked", [True, False], ids=["", "without the lock"])
@pytest.mark.parametrize("road", ["removal", "demotion", "end"])
def test_two_administrators_who_remove_each_other_leave_exactly_one(
    road: str, locked: bool, committed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = committed.personas["administrator"], committed.personas["member_of_two"]
    soon = timezone.now() + timedelta(minutes=5)

    def act(actor: User, other: User) -> Callable[[], Any]:
        access = Access.objects.get(user=other, establishment=committed.lille)
        if road == "removal":
            return lambda: take_away(access=access, actor=actor)
        role = Role.STANDARD if road == "demotion" else Role.ADMINISTRATOR
        ends_at = soon if road == "end" else None
        return lambda: change_access(access=access, role=role, types=[], ends_at=ends_at, actor=actor)

    with slowly(monkeypatch, locked=locked):
        at_once(act(first, second), act(second, first))
    left = Access.objects.filter(establishment=committed.lille, role=Role.ADMINISTRATOR, user__in=[first, second])
    left = left.filter(ends_at__isnull=True)
    # By an end date, the second is still an administrator when it reads its right, but no longer a lasting one.
    assert left.count() == (1 if locked else 0)


@pytest.mark.parametrize("locked", [True, False], ids=["", "without the lock"])
def test_an_invitation_that_two_windows_accept_gives_one_access(
    locked: bool, committed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = Offer(Role.STANDARD, frozenset({DocumentType.FACTURE}))
    boss = committed.personas["administrator"]
    invite(emails=["neuf@armor.example"], establishments=[committed.lille], offer=offer, actor=boss)
    invitation, user = Invitation.objects.get(), make_user("neuf@armor.example")
    act = lambda: accept(invitation=invitation, user=user)  # noqa: E731
    with slowly(monkeypatch, locked=locked):
        if not locked:
            monkeypatch.setattr(Invitation.objects.all().__class__, "select_for_update", lambda self, **_options: self)
        results = at_once(act, act)
    assert Access.objects.filter(user=user).count() == 1, "the table itself refuses a second"
    if locked:
        assert sorted(map(repr, results)) == ["[<Establishment: Armor Lille>]", "[]"]
    else:
        assert [] not in results, "both were let in by one link"


def test_accepting_while_the_inviter_is_removed(committed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either the invitation came first, or the removal did and nothing is given; never a gift of somebody gone."""
    inviter, other = committed.personas["administrator"], committed.personas["member_of_two"]
    offer = Offer(Role.ADMINISTRATOR)
    invite(emails=["neuf@armor.example"], establishments=[committed.lille], offer=offer, actor=inviter)
    invitation, user = Invitation.objects.get(), make_user("neuf@armor.example")
    access = Access.objects.get(user=inviter)
    with slowly(monkeypatch, locked=True):
        given, _removed = at_once(
            lambda: accept(invitation=invitation, user=user), lambda: take_away(access=access, actor=other)
        )
    assert not Access.objects.filter(pk=access.pk).exists()
    told = AccessEvent.objects.filter(event__in=[AccessEventType.INVITATION_ACCEPTED, AccessEventType.REMOVED])
    subjects = list(told.order_by("pk").values_list("subject_email", flat=True))
    assert subjects == ([user.email, inviter.email] if given else [inviter.email])
    assert Access.objects.filter(user=user).exists() == bool(given)


def test_two_invitations_of_one_address_at_once_are_one(committed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = Offer(Role.STANDARD, frozenset({DocumentType.FACTURE}))
    actors = [committed.personas["administrator"], committed.personas["member_of_two"]]

    def act(actor: User) -> Callable[[], Any]:
        return lambda: invite(emails=["neuf@armor.example"], establishments=[committed.lille], offer=offer, actor=actor)

    with slowly(monkeypatch, locked=True):
        results: list[Any] = at_once(*map(act, actors))
    assert Invitation.objects.pending().count() == 1
    assert sorted(len(result.sent) for result in results) == [0, 1]


def test_the_last_lasting_administrator_and_a_delegate(committed: World) -> None:
    """A delegate removes both lasting administrators, of whom one removes the other, all at once: one is left."""
    lille = committed.lille
    delegate = make_user("interim@armor.example")
    give_access(delegate, lille, Role.ADMINISTRATOR, ends_at=timezone.now() + timedelta(days=3))
    first, second = committed.personas["administrator"], committed.personas["member_of_two"]
    rows = {user: Access.objects.get(user=user, establishment=lille) for user in (first, second)}
    at_once(
        lambda: take_away(access=rows[first], actor=delegate),
        lambda: take_away(access=rows[second], actor=delegate),
        lambda: take_away(access=rows[second], actor=first),
    )
    lasting = Access.objects.filter(establishment=lille, role=Role.ADMINISTRATOR, ends_at=None)
    assert lasting.count() == 1


def test_the_lock_is_the_establishments(committed: World) -> None:
    """Every road takes it: a change waits for another one in the same place."""
    assert services.lock_for.__doc__
    boss = committed.personas["administrator"]
    access = Access.objects.get(user=committed.personas["standard"])
    results = at_once(
        *[
            lambda types=types: change_access(access=access, role=Role.STANDARD, types=types, ends_at=None, actor=boss)
            for types in ([DocumentType.CONVENTION, DocumentType.FACTURE], [DocumentType.ATTESTATION])
        ]
    )
    assert all(isinstance(result, Access) for result in results)
    assert services.types_ticked(access) in (
        {DocumentType.CONVENTION, DocumentType.FACTURE},
        {DocumentType.ATTESTATION},
    )
