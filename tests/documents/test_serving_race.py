"""A type is unticked while fifty downloads start, with real connections: what starts after the commit gets no byte.

It is also run with the right as it was when the request came in. If that ended well too, the race would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from accounts.document_types import DocumentType
from accounts.models import Access, User
from accounts.roles import Role
from accounts.services import set_document_types
from documents import serving
from documents.models import Document, Serving, ServingOutcome
from tests.conftest import ClientFor
from tests.worlds import World, give_access, make_user, make_world

pytestmark = pytest.mark.django_db(transaction=True)
DOWNLOADS = 50


@pytest.fixture
def committed() -> World:
    return make_world()


class Downloads:
    """Fifty requests that have all come in; half are answered while the right is taken, half once it is gone."""

    def __init__(self, paper: Document, clients: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = reverse("document_download", args=[paper.pk])
        self.arrived, self.taken = Barrier(len(clients) + 1), Event()
        self.statuses: dict[int, int] = {}
        self.clients, self.late = clients, len(clients) // 2
        opened = serving.open_to

        def held(request: Any, pk: int, **options: Any) -> Any:
            self.arrived.wait(60)
            if int(request.headers["X-Rank"]) >= self.late:
                assert self.taken.wait(60)
            return opened(request, pk, **options)

        monkeypatch.setattr("documents.views.open_to", held)

    def run(self, take: Callable[[], object]) -> None:
        threads = [Thread(target=self._one, args=(rank,)) for rank in range(len(self.clients))]
        for thread in threads:
            thread.start()
        self.arrived.wait(60)
        take()
        self.taken.set()
        for thread in threads:
            thread.join(60)

    def _one(self, rank: int) -> None:
        try:
            self.statuses[rank] = self.clients[rank].get(self.url, headers={"X-Rank": str(rank)}).status_code
        finally:
            connection.close()


def holders(world: World, client_for: ClientFor) -> tuple[User, list[Any]]:
    """A person with invoices in Lille, in fifty browsers."""
    user = make_user("cinquante@armor.example")
    give_access(user, world.lille, Role.STANDARD, [DocumentType.FACTURE, DocumentType.CONVENTION])
    return user, [client_for(user) for _rank in range(DOWNLOADS)]


def lines(outcome: ServingOutcome) -> int:
    return Serving.objects.filter(user_email="cinquante@armor.example", outcome=outcome).count()


@pytest.mark.parametrize(
    ("road", "read_there"),
    [("untick", True), ("removal", True), ("account", True), ("untick", False)],
    ids=["untick", "removal", "account", "with the right of the request"],
)
def test_nothing_leaves_once_the_right_is_taken(
    road: str, read_there: bool, committed: World, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, clients = holders(committed, client_for)
    paper = Document.objects.filter(establishment=committed.lille, type="facture").earliest("pk")
    access = Access.objects.get(user=user)
    take: dict[str, Callable[[], object]] = {
        "untick": lambda: set_document_types(access=access, types=[DocumentType.CONVENTION]),
        "removal": access.delete,
        "account": lambda: User.objects.filter(pk=user.pk).update(is_active=False),
    }
    if not read_there:
        monkeypatch.setattr(serving, "still_so", lambda _user_id, _rights: ("TRUE", []))
    downloads = Downloads(paper, clients, monkeypatch)
    downloads.run(take[road])
    assert len(downloads.statuses) == DOWNLOADS
    late = {downloads.statuses[rank] for rank in range(downloads.late, DOWNLOADS)}
    assert late == ({404} if read_there else {200})
    answers = list(downloads.statuses.values())
    assert lines(ServingOutcome.DOWNLOADED) == answers.count(200), "as many lines as files that left"
    assert lines(ServingOutcome.REFUSED) == answers.count(404)


def test_another_right_that_changes_meanwhile_refuses_nothing(
    committed: World, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, clients = holders(committed, client_for)
    paper = Document.objects.filter(establishment=committed.lille, type="facture").earliest("pk")
    downloads = Downloads(paper, clients[:6], monkeypatch)
    downloads.run(lambda: give_access(user, committed.nice, Role.STANDARD, [DocumentType.CONVOCATION]))
    assert set(downloads.statuses.values()) == {200}
    assert lines(ServingOutcome.DOWNLOADED) == 6
