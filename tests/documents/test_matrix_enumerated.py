"""Person × document × type × road, enumerated: each of the nine types ticked alone, and alone unticked.

Everybody at once: those whose access the ticks are about, and those for whom guardian's rows must open nothing and
close nothing. Roads: list, count, filter, detail, bytes, search, ZIP, exports, and the links of other pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm, remove_perm

from accounts.document_types import PRICED_TYPES, DocumentType
from accounts.models import Access, Establishment, User
from accounts.roles import Role
from accounts.services import set_document_types
from documents.models import Document
from enrolments.models import Order
from tests.conftest import ClientFor
from tests.documents.test_matrix import seen
from tests.documents.test_matrix_types import exported, zipped
from tests.persona_table import MEMBERS
from tests.worlds import World, give_access, make_order, make_user

Types = frozenset[DocumentType]
ROUTES = ("document_detail", "document_view", "document_download")
ANONYMOUS, BOTH, LEFT = "anonymous", "orderer_and_standard", "standard_ended"
EVERYONE = [*MEMBERS, BOTH, LEFT, ANONYMOUS]
TICKED = {"standard", "member_of_two", BOTH}  # those whom a tick changes something for
LINK = re.compile(r'"/documents/(\d+)/')
CASES = [pytest.param(frozenset({one}), one, id=f"{one.value}, alone") for one in DocumentType] + [
    pytest.param(frozenset(DocumentType) - {one}, one, id=f"all but {one.value}") for one in DocumentType
]


@dataclass(frozen=True)
class Matrix:
    """PRODUCT.md, said again without any of the code that it checks: what these ticks open to each person."""

    world: World
    types: Types

    def opens(self, persona: str, document: Document) -> bool:
        place, ticked = document.establishment_id, document.type in self.types
        lille, nice, lyon = self.places
        own = "" if document.order is None else document.order.order_email
        rules: dict[str, Callable[[], bool]] = {
            "administrator": lambda: place == lille,
            "standard": lambda: place == lille and ticked,
            "neighbour": lambda: place == lyon,
            "member_of_two": lambda: place == lille or (place == nice and ticked),
            "responsable": lambda: own == "responsable@armor.example",
            BOTH: lambda: (place == lille and ticked) or own == "deux-titres@armor.example",
        }
        return persona in rules and rules[persona]()

    def documents(self, persona: str) -> set[int]:
        rows = Document.objects.select_related("order")
        return {document.pk for document in rows if self.opens(persona, document)}

    def orders(self, persona: str) -> dict[str, bool]:
        """The numbers of the orders that they see, each with whether its amounts are shown."""
        lille, nice, lyon = self.places
        priced = bool(self.types & PRICED_TYPES)
        places: dict[str, dict[int, bool]] = {
            "administrator": {lille: True},
            "standard": {lille: priced},
            "neighbour": {lyon: True},
            "member_of_two": {lille: True, nice: priced},
            BOTH: {lille: priced},
        }
        emails = {"responsable": "responsable@armor.example", BOTH: "deux-titres@armor.example"}
        found = {}
        for order in Order.objects.all():
            mine = order.order_email == emails.get(persona)
            shown = places.get(persona, {})
            if mine or order.establishment_id in shown:
                found[order.number] = mine or shown[order.establishment_id or 0]
        return found

    @property
    def places(self) -> tuple[int, int, int]:
        return self.world.lille.pk, self.world.nice.pk, self.world.brume.establishments[0].pk


def tick(world: World, types: Types) -> dict[str, User | None]:
    """Everybody: these types ticked where they hold a standard access, guardian's bare rows where they hold none."""
    people: dict[str, User | None] = {persona: world.personas[persona] for persona in MEMBERS}
    both, left = make_user("deux-titres@armor.example"), make_user("partie@armor.example")
    people |= {BOTH: both, LEFT: left, ANONYMOUS: None}
    make_order(world.nice, both.email, world.sessions)
    give_access(both, world.lille, Role.STANDARD)
    now = timezone.now()
    began, ended = now - timedelta(days=30), now - timedelta(days=1)
    give_access(left, world.lille, Role.STANDARD, granted_at=began, ends_at=ended)
    for user in filter(None, people.values()):
        for place in Establishment.objects.all():
            access = Access.objects.filter(user=user, establishment=place, role=Role.STANDARD).first()
            if access is not None:
                set_document_types(access=access, types=types)
            else:
                plant_rows(user, place, types)
    return people


def plant_rows(user: User, place: Establishment, types: Types) -> None:
    """Rows that no access stands behind, or an administrator's, who needs none."""
    for one in DocumentType:
        (assign_perm if one in types else remove_perm)(one.codename, user, place)


def ids(documents: Iterable[Document]) -> set[int]:
    return {document.pk for document in documents}


def listed(client: Client, query: str = "") -> tuple[set[int], int]:
    """What the list shows on all its pages, and how many it says there are."""
    url, found = reverse("document_list"), set()
    page = client.get(url + query).context
    total = page["page"].total
    while True:
        found |= ids(page["documents"])
        if not page["page"].next_url:
            return found, total
        page = client.get(url + page["page"].next_url).context


def check_lists(client: Client, wanted: set[int], persona: str) -> None:
    assert listed(client) == (wanted, len(wanted)), persona
    for one in DocumentType if persona in TICKED else ():
        of_type = ids(Document.objects.filter(pk__in=wanted, type=one))
        assert listed(client, f"?type={one}") == (of_type, len(of_type)), persona


def check_pages_and_bytes(client: Client, wanted: set[int], documents: Iterable[Document], persona: str) -> None:
    for document in documents:
        opens = document.pk in wanted
        status = 200 if opens else 302 if persona == ANONYMOUS else 404
        for route in ROUTES:
            answer = client.get(reverse(route, args=[document.pk]))
            assert answer.status_code == status, f"{persona} {route} {document.type}"
        found = client.get(reverse("search"), {"q": document.number})
        assert (reverse("document_detail", args=[document.pk]) in found.text) == opens, f"{persona} {document.type}"


def check_zip(client: Client, wanted: set[int], persona: str) -> None:
    """Whatever is asked for, everything of everybody here, it holds what may be opened."""
    everything = {str(pk): number for pk, number in Document.objects.values_list("pk", "number")}
    names = zipped(client, quoi="selection", document=list(everything))
    if not wanted:
        assert names is None, persona
        return
    assert names is not None
    assert len(names) == len(wanted), persona
    for pk, number in everything.items():
        assert any(number in name for name in names) == (int(pk) in wanted), f"{persona} {number}"


def check_exports(client: Client, orders: dict[str, bool], persona: str) -> None:
    for what, amount in (("order", "Montant HT"), ("enrolment", "Prix HT")):
        rows = exported(client, what)
        assert {row["Commande"]: bool(row[amount]) for row in rows} == orders, f"{persona} {what}"


def check_links(client: Client, wanted: set[int], persona: str) -> None:
    """No page leads to a document that would not open."""
    pages = [reverse("dashboard"), reverse("missing_papers")]
    one_a_place = Order.objects.order_by("establishment_id", "pk").distinct("establishment_id")
    pages += [reverse("order_detail", args=[order.pk]) for order in one_a_place]
    for page in pages:
        linked = {int(pk) for pk in LINK.findall(client.get(page).text)}
        assert linked <= wanted, f"{persona} {page}"


@pytest.mark.parametrize(("types", "document_type"), CASES)
def test_each_type_for_everybody_on_every_road(
    types: Types, document_type: DocumentType, world: World, client_for: ClientFor
) -> None:
    people, matrix = tick(world, types), Matrix(world, types)
    of_type = list(Document.objects.filter(type=document_type))
    one_of_each = list(Document.objects.filter(order=world.armor.orders[world.lille.pk][0]))
    assert len(of_type) == 6
    assert len(one_of_each) == len(DocumentType)
    for persona in EVERYONE:
        user, wanted = people[persona], matrix.documents(persona)
        client = client_for(user)
        if user is not None:
            assert seen(user) == wanted, persona
            check_lists(client, wanted, persona)
            check_exports(client, matrix.orders(persona), persona)
        check_pages_and_bytes(client, wanted, of_type + (one_of_each if persona in TICKED else []), persona)
        check_zip(client, wanted, persona)
        check_links(client, wanted, persona)


def test_the_ticks_are_what_is_measured(world: World) -> None:
    """Each case changes what the ticked see, and nothing for the others: no case of the enumeration is idle."""
    alone, without = (
        {persona: Matrix(world, types).documents(persona) for persona in MEMBERS}
        for types in (frozenset({DocumentType.FACTURE}), frozenset(DocumentType) - {DocumentType.FACTURE})
    )
    assert {persona for persona in MEMBERS if alone[persona] != without[persona]} == TICKED - {BOTH}
    assert {persona for persona in MEMBERS if alone[persona]} == {
        *("administrator", "standard", "neighbour", "member_of_two", "responsable")
    }
