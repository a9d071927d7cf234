"""Random stories of accesses, played against a small oracle: nobody ever sees what the oracle forbids.

The oracle knows nothing of the code: who holds which verified address, and for each establishment who has which access.
After each step it says, for each person, which documents they may open; the key must say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.accepting import accept
from accounts.changing import change_access, take_away
from accounts.document_types import DocumentType
from accounts.invitations import Offer, invite, revoke
from accounts.models import Access, Establishment, Invitation, User
from accounts.roles import Role
from documents.models import Document
from documents.sharing import choose_readers
from tests.accounts.test_accounts import link_in
from tests.worlds import PASSWORD, World

PEOPLE = ["administrator", "standard", "neighbour", "ex_member", "member_of_two", "responsable"]
ADDRESSES = ["comptable@armor.example", "responsable@armor.example", "x@armor.example", "y@brume.example"]
TYPES = st.frozensets(st.sampled_from(list(DocumentType)), max_size=3)
PERSON, PLACE = st.sampled_from(PEOPLE), st.integers(0, 2)
STEPS = st.one_of(
    st.tuples(st.just("invite"), PERSON, PLACE, st.sampled_from(ADDRESSES), st.sampled_from(Role), TYPES),
    st.tuples(st.just("revoke"), PERSON, PLACE, st.sampled_from(ADDRESSES)),
    st.tuples(st.just("accept"), PERSON),
    st.tuples(st.just("change"), PERSON, PLACE, PERSON, st.sampled_from(Role), TYPES, st.booleans()),
    st.tuples(st.just("remove"), PERSON, PLACE, PERSON),
    st.tuples(st.just("end"), PLACE, PERSON),
    st.tuples(st.just("move"), PERSON, st.sampled_from(ADDRESSES), st.booleans()),
    st.tuples(st.just("prove"), PERSON, st.booleans()),
    st.tuples(st.just("login"), PERSON),
    st.tuples(st.just("open"), PERSON, PLACE, PERSON, st.integers(0, 17), st.booleans()),
)


@dataclass
class Held:
    """An access in the oracle. `ended`: its date is past. `exceptions`: document → whether it is open."""

    role: Role
    types: frozenset[DocumentType]
    ended: bool = False
    exceptions: dict[int, bool] = field(default_factory=dict)


@dataclass
class Waiting:
    inviter: str
    role: Role
    types: frozenset[DocumentType]


class Oracle:
    """Who may see what, said again in the simplest words."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.places: list[Establishment] = [*world.armor.establishments, *world.brume.establishments]
        self.people: dict[str, User] = {name: world.personas[name] for name in PEOPLE}
        self.address = {name: (user.email, True) for name, user in self.people.items()}
        lille, nice, lyon = range(3)
        self.held: dict[tuple[str, int], Held] = {
            ("administrator", lille): Held(Role.ADMINISTRATOR, frozenset()),
            ("standard", lille): Held(Role.STANDARD, frozenset({DocumentType.FACTURE})),
            ("neighbour", lyon): Held(Role.ADMINISTRATOR, frozenset()),
            ("member_of_two", lille): Held(Role.ADMINISTRATOR, frozenset()),
            ("member_of_two", nice): Held(Role.STANDARD, frozenset({DocumentType.CONVOCATION})),
        }
        self.waiting: dict[tuple[str, int], Waiting] = {}
        rows = Document.objects.select_related("order").order_by("pk")
        self.documents = [(row.pk, row.type, row.establishment_id, row.order_email) for row in rows]

    def administers(self, name: str, place: int) -> bool:
        held = self.held.get((name, place))
        return held is not None and held.role == Role.ADMINISTRATOR and not held.ended

    def may_open(self, name: str) -> set[int]:
        email, verified = self.address[name]
        return {
            pk
            for pk, kind, place, order_email in self.documents
            if (verified and order_email == email) or self._by_access(name, pk, kind, place)
        }

    def _by_access(self, name: str, pk: int, kind: str, place: int | None) -> bool:
        rank = next(rank for rank, one in enumerate(self.places) if one.pk == place)
        held = self.held.get((name, rank))
        if held is None or held.ended:
            return False
        return held.role == Role.ADMINISTRATOR or held.exceptions.get(pk, kind in held.types)


class Play:
    """The steps, on the portal and in the oracle."""

    def __init__(self, world: World) -> None:
        self.oracle = Oracle(world)
        self.browsers: dict[str, Client] = {}
        self.asked: set[str] = set()

    def user(self, name: str) -> User:
        return User.objects.get(pk=self.oracle.people[name].pk)

    def access(self, name: str, place: int) -> Access | None:
        wanted = {"user": self.oracle.people[name], "establishment": self.oracle.places[place]}
        return Access.objects.filter(**wanted).first()

    def invite(self, actor: str, place: int, email: str, role: Role, types: frozenset[DocumentType]) -> None:
        oracle, allowed = self.oracle, self.oracle.administers(actor, place)
        try:
            offer = Offer(role, types)
            sent = invite(emails=[email], establishments=[oracle.places[place]], offer=offer, actor=self.user(actor))
        except PermissionDenied:
            assert not allowed
            return
        assert allowed
        if sent.sent:
            oracle.waiting[email, place] = Waiting(actor, role, types if role == Role.STANDARD else frozenset())

    def revoke(self, actor: str, place: int, email: str) -> None:
        row = Invitation.objects.pending().filter(email=email, establishment=self.oracle.places[place]).first()
        assert (row is not None) == ((email, place) in self.oracle.waiting)
        if row is None:
            return
        try:
            revoke(invitation=row, actor=self.user(actor))
        except PermissionDenied:
            assert not self.oracle.administers(actor, place)
            return
        assert self.oracle.administers(actor, place)
        del self.oracle.waiting[email, place]

    def accept(self, name: str) -> None:
        oracle, (email, verified) = self.oracle, self.oracle.address[name]
        row = Invitation.objects.pending().filter(email=email).first()
        if row is None:
            return
        try:
            accept(invitation=row, user=self.user(name))
        except PermissionDenied:
            assert not verified
            return
        assert verified
        for (address, place), offered in sorted(oracle.waiting.items(), key=lambda item: oracle.places[item[0][1]].pk):
            if address != email or not oracle.administers(offered.inviter, place):
                continue
            del oracle.waiting[address, place]
            held = oracle.held.get((name, place))
            if held is None or held.ended:
                oracle.held[name, place] = Held(offered.role, offered.types)
            elif held.role == Role.STANDARD:
                kept = held.exceptions if offered.role == Role.STANDARD else {}
                oracle.held[name, place] = Held(offered.role, offered.types, exceptions=kept)

    def change(
        self, actor: str, place: int, subject: str, role: Role, types: frozenset[DocumentType], ends: bool
    ) -> None:
        oracle, access = self.oracle, self.access(subject, place)
        if access is None:
            return
        ends_at = timezone.now() + timedelta(days=9) if ends else None
        allowed = oracle.administers(actor, place) and actor != subject
        try:
            change_access(access=access, role=role, types=types, ends_at=ends_at, actor=self.user(actor))
        except PermissionDenied:
            assert not allowed
            return
        except ValidationError:
            assert self.access(actor, place).ends_at is not None  # type: ignore[union-attr]
            return
        assert allowed
        held = oracle.held[subject, place]
        kept = held.exceptions if held.role == role and not held.ended else {}
        opened = types if role == Role.STANDARD else frozenset[DocumentType]()
        oracle.held[subject, place] = Held(role, opened, exceptions=kept)
        oracle.waiting.pop((oracle.address[subject][0], place), None)

    def remove(self, actor: str, place: int, subject: str) -> None:
        oracle, access = self.oracle, self.access(subject, place)
        if access is None:
            return
        allowed = oracle.administers(actor, place) and actor != subject
        try:
            take_away(access=access, actor=self.user(actor))
        except PermissionDenied:
            assert not allowed
            return
        except ValidationError:
            assert self.access(actor, place).ends_at is not None  # type: ignore[union-attr]
            return
        assert allowed
        del oracle.held[subject, place]
        oracle.waiting.pop((oracle.address[subject][0], place), None)

    def end(self, place: int, subject: str) -> None:
        """Time passes, for a delegation."""
        access = self.access(subject, place)
        if access is not None and access.ends_at is not None:
            past = timezone.now() - timedelta(seconds=1)
            Access.objects.filter(pk=access.pk).update(granted_at=past - timedelta(days=1), ends_at=past)
            self.oracle.held[subject, place].ended = True

    def move(self, name: str, email: str, confirmed: bool) -> None:
        """The login address is changed on the site: asked for, with the password, then confirmed by the link, or not.

        Nothing changes before the link; once it is followed, the sessions that were open elsewhere end.
        """
        user, oracle = self.user(name), self.oracle
        if not oracle.address[name][1] or User.objects.filter(email=email).exists() or email in self.asked:
            return  # no second link goes to one address within minutes (ACCOUNT_RATE_LIMITS)
        self.asked.add(email)
        browser = Client()
        browser.force_login(user)
        asked = browser.post(reverse("account_email"), {"email": email, "action_add": ""})
        assert asked["Location"].startswith(reverse("account_reauthenticate"))
        mail.outbox.clear()
        browser.post(asked["Location"], {"password": PASSWORD})
        [confirmation] = [message for message in mail.outbox if message.to == [email]]
        if confirmed:
            browser.post(link_in(confirmation))
            oracle.address[name] = (email, True)
            elsewhere = self.browsers.pop(name, None)
            if elsewhere is not None:
                assert elsewhere.get(reverse("document_list")).status_code == 302

    def prove(self, name: str, proved: bool) -> None:
        """Whether the login address is known to be the person's: an account that staff opened begins without."""
        user = self.user(name)
        EmailAddress.objects.filter(user=user, email=user.email).update(verified=proved)
        self.oracle.address[name] = (user.email, proved)

    def login(self, name: str) -> None:
        """A browser is logged in by the form, and stays so while everything else changes: unless nothing is proved."""
        email, verified = self.oracle.address[name]
        browser = Client()
        browser.post(reverse("account_login"), {"login": email, "password": PASSWORD})
        assert (browser.get(reverse("document_list")).status_code == 200) == verified
        if verified:
            self.browsers[name] = browser

    def open(self, actor: str, place: int, subject: str, rank: int, opened: bool) -> None:
        """One document is shared with the person, or withheld."""
        oracle, access = self.oracle, self.access(subject, place)
        rows = list(Document.objects.filter(establishment=oracle.places[place]).order_by("pk"))
        paper = rows[rank % len(rows)]
        if access is None:
            return
        wanted = [access.pk] if opened else []
        try:
            choose_readers(document=paper, offered=[access.pk], opened=wanted, actor=self.user(actor))
        except PermissionDenied:
            assert not oracle.administers(actor, place)
            return
        assert oracle.administers(actor, place)
        held = oracle.held[subject, place]
        if held.role == Role.STANDARD and not held.ended:
            held.exceptions.pop(paper.pk, None)
            if opened != (paper.type in held.types):
                held.exceptions[paper.pk] = opened

    def check(self) -> None:
        for name in PEOPLE:
            seen = set(Document.objects.visible_to(self.user(name)).values_list("pk", flat=True))
            assert seen == self.oracle.may_open(name), name
        for name, browser in self.browsers.items():
            shown = browser.get(reverse("document_list")).context
            allowed = self.oracle.may_open(name)
            assert shown["page"].total == len(allowed), name
            assert {document.pk for document in shown["documents"]} <= allowed, name


@pytest.fixture
def stage(world: World, no_rate_limit: None) -> World:
    return world


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=4, max_size=25))
def test_no_story_opens_what_the_oracle_forbids(stage: World, story: list[tuple[Any, ...]]) -> None:
    with transaction.atomic():
        play = Play(stage)
        for name, *arguments in story:
            getattr(play, name)(*arguments)
            play.check()
        transaction.set_rollback(True)
