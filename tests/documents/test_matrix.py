"""The matrix person × document × type, enumerated: in lists, details, bytes, search and counts alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.urls import reverse
from guardian.shortcuts import assign_perm

from accounts.document_types import ENROLMENT_TYPES, PRICED_TYPES, DocumentType
from accounts.models import Access, EstablishmentGrant, User
from accounts.roles import Role
from accounts.services import set_document_types
from documents.models import Document, DocumentGrant
from enrolments.models import Enrolment, Order
from tests.conftest import ClientFor
from tests.persona_table import MEMBERS
from tests.worlds import World, give_access, make_document, make_order, make_user


def fresh(user: User) -> User:
    """The person as the next request loads them: rights are read again."""
    return User.objects.get(pk=user.pk)


def seen(user: User) -> set[int]:
    """Ids that the key hands out, checked to be the same whole and by branch, and each once by branch."""
    whole = set(Document.objects.visible_to(fresh(user)).values_list("pk", flat=True))
    by_branch = [
        pk for branch in Document.objects.visible_by_branch(fresh(user)) for pk in branch.values_list("pk", flat=True)
    ]
    assert sorted(by_branch) == sorted(whole), "the branches must be the key, without overlap"
    return whole


def expected(world: World, persona: str) -> set[int]:
    """The matrix of PRODUCT.md, said again without any of the code that it checks."""
    lille, nice, lyon = world.lille.pk, world.nice.pk, world.brume.establishments[0].pk
    rules: dict[str, Callable[[Document], bool]] = {
        "administrator": lambda d: d.establishment_id == lille,
        "standard": lambda d: d.establishment_id == lille and d.type == "facture",
        "neighbour": lambda d: d.establishment_id == lyon,
        "member_of_two": lambda d: (
            d.establishment_id == lille or (d.establishment_id == nice and d.type == "convocation")
        ),
        "responsable": lambda d: d.order is not None and d.order.order_email == "responsable@armor.example",
    }
    rule = rules.get(persona)
    return {document.pk for document in Document.objects.select_related("order") if rule and rule(document)}


@pytest.mark.parametrize("persona", MEMBERS)
def test_the_key_is_the_matrix(persona: str, world: World) -> None:
    wanted = expected(world, persona)
    assert seen(world.personas[persona]) == wanted
    assert bool(wanted) == (persona in {"administrator", "standard", "neighbour", "member_of_two", "responsable"})


@pytest.mark.parametrize("persona", MEMBERS)
def test_details_bytes_and_lists_say_the_same(persona: str, world: World, client_for: ClientFor) -> None:
    client, wanted = client_for(world.personas[persona]), expected(world, persona)
    for document in Document.objects.all():
        status = 200 if document.pk in wanted else 404
        for route in ("document_detail", "document_view", "document_download"):
            answer = client.get(reverse(route, args=[document.pk]))
            assert answer.status_code == status, f"{persona} {route} {document.type}"
            if status == 404:
                assert document.number not in answer.text
    listed, url = set(), reverse("document_list")
    page = client.get(url).context
    assert page["page"].total == len(wanted)
    while True:
        listed |= {document.pk for document in page["documents"]}
        if not page["page"].next_url:
            break
        page = client.get(url + page["page"].next_url).context
    assert listed == wanted


@pytest.mark.parametrize("persona", MEMBERS)
def test_search_finds_only_what_may_be_opened(persona: str, world: World, client_for: ClientFor) -> None:
    client, wanted = client_for(world.personas[persona]), expected(world, persona)
    for document in Document.objects.all():
        found = client.get(reverse("search"), {"q": document.number}).text
        assert (reverse("document_detail", args=[document.pk]) in found) == (document.pk in wanted)


@pytest.mark.parametrize("document_type", DocumentType)
def test_each_type_opens_and_closes_alone(document_type: DocumentType, world: World) -> None:
    user = world.personas["standard"]
    access = Access.objects.get(user=user)
    of_lille = Document.objects.filter(establishment=world.lille)
    set_document_types(access=access, types=[document_type])
    assert seen(user) == set(of_lille.filter(type=document_type).values_list("pk", flat=True))
    set_document_types(access=access, types=[one for one in DocumentType if one != document_type])
    assert seen(user) == set(of_lille.exclude(type=document_type).values_list("pk", flat=True))


def test_the_whole_history_is_open_to_a_standard_access_without_any_type(world: World) -> None:
    user = make_user("rien@armor.example")
    give_access(user, world.lille, Role.STANDARD)
    assert seen(user) == set()
    assert set(Order.objects.visible_to(fresh(user))) == set(Order.objects.filter(establishment=world.lille))
    assert set(Enrolment.objects.visible_to(fresh(user))) == set(Enrolment.objects.filter(establishment=world.lille))


def test_a_grant_without_an_access_opens_nothing(world: World) -> None:
    user = world.personas["ex_member"]
    for document_type in DocumentType:
        assign_perm(document_type.codename, user, world.lille)
    assert EstablishmentGrant.objects.filter(user=user).count() == 9
    assert seen(user) == set()


def test_one_document_shared_or_withheld(world: World) -> None:
    user = world.personas["standard"]
    bill, note = (
        Document.objects.filter(establishment=world.lille, type=one).earliest("pk") for one in ("facture", "convention")
    )
    elsewhere = Document.objects.filter(establishment=world.nice, type="facture").earliest("pk")
    before = seen(user)
    assign_perm(DocumentGrant.WITHHELD, user, bill)
    assign_perm(DocumentGrant.SHARED, user, note)
    assign_perm(DocumentGrant.SHARED, user, elsewhere)  # no access to Nice: the row opens nothing
    assert seen(user) == before - {bill.pk} | {note.pk}
    # An exception is about a standard access: it takes nothing from an administrator.
    assign_perm(DocumentGrant.WITHHELD, world.personas["administrator"], bill)
    assert bill.pk in seen(world.personas["administrator"])


def test_documents_of_an_order_without_establishment_are_its_orderers_alone(world: World) -> None:
    order = make_order(None, "responsable@armor.example", world.sessions)
    mine = set(order.documents.values_list("pk", flat=True))
    assert len(mine) == 9
    assert mine <= seen(world.personas["responsable"])
    for persona in MEMBERS:
        if persona != "responsable":
            assert not mine & seen(world.personas[persona])


@pytest.mark.parametrize(
    "address",
    ["xresponsable@armor.example", "responsable@armor.example.org", "responsable+1@armor.example", "r%@armor.example"],
)
def test_nothing_looser_than_equality_links_an_order(address: str, world: World) -> None:
    assert seen(make_user(address)) == set()


def test_the_case_of_an_address_does_not_matter(world: World) -> None:
    user = make_user("AUTRE2@Armor.Example")
    order = make_order(world.nice, "autre2@armor.example", world.sessions)
    assert seen(user) == set(order.documents.values_list("pk", flat=True))


def test_an_inactive_account_opens_nothing(world: World) -> None:
    user = world.personas["administrator"]
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert seen(user) == set()


def test_many_establishments_and_types_share_branches(world: World) -> None:
    user = make_user("tout@armor.example")
    give_access(user, world.lille, Role.STANDARD, list(DocumentType))
    give_access(user, world.nice, Role.STANDARD, list(DocumentType))
    give_access(user, world.brume.establishments[0], Role.ADMINISTRATOR)
    assert seen(user) == set(Document.objects.values_list("pk", flat=True))


def test_an_attendance_sheet_without_order_follows_the_establishment(world: World) -> None:
    sample = Document.objects.filter(establishment=world.lille, type="emargement").earliest("pk")
    sheet = Document.objects.create(
        type=DocumentType.EMARGEMENT,
        number="EMA-LILLE",
        issued_on=sample.issued_on,
        session=sample.session,
        establishment=world.lille,
        file=sample.file.name,
        sha256=sample.sha256,
        size=sample.size,
    )
    assert sheet.pk in seen(world.personas["administrator"])
    assert sheet.pk not in seen(world.personas["responsable"])
    assert sheet.pk not in seen(world.personas["neighbour"])


AMOUNT = re.compile(r"1.234,50|1.275,00|2.550,00")


@pytest.mark.parametrize("document_type", DocumentType)
def test_no_amount_anywhere_without_a_priced_type(
    document_type: DocumentType, world: World, client_for: ClientFor
) -> None:
    user = make_user("un-type@armor.example")
    give_access(user, world.lille, Role.STANDARD, [document_type])
    client, order = client_for(user), Order.objects.filter(establishment=world.lille).earliest("pk")
    pages = [
        reverse("dashboard"),
        reverse("order_list"),
        reverse("enrolment_list"),
        reverse("document_list"),
        reverse("participant_list"),
        reverse("order_detail", args=[order.pk]),
        reverse("search") + f"?q={order.number}",
        reverse("participant_detail", args=[order.enrolments.earliest("pk").participant_id]),
    ]
    pages += [reverse("document_detail", args=[one.pk]) for one in Document.objects.visible_to(user)]
    shown = [page for page in pages if AMOUNT.search(client.get(page).text) or "€" in client.get(page).text]
    assert bool(shown) == (document_type in PRICED_TYPES), shown


def test_amounts_are_hidden_row_by_row(world: World, client_for: ClientFor) -> None:
    """Priced in Lille, not in Nice: the list shows the former's amounts only."""
    user = world.personas["member_of_two"]
    rows = client_for(user).get(reverse("order_list")).context["orders"]
    amounts = {row.order.establishment_id: row.amount for row in rows}
    assert amounts == {world.lille.pk: Decimal("2550.00"), world.nice.pk: None}


def test_a_shared_priced_document_shows_no_amount_to_whom_no_priced_type_is_open(
    world: World, client_for: ClientFor
) -> None:
    user = make_user("partage@armor.example")
    give_access(user, world.lille, Role.STANDARD, [DocumentType.CONVOCATION])
    bill = Document.objects.filter(establishment=world.lille, type="facture").earliest("pk")
    assign_perm(DocumentGrant.SHARED, user, bill)
    page = client_for(user).get(reverse("document_detail", args=[bill.pk]))
    assert page.status_code == 200
    assert not AMOUNT.search(page.text)


def test_papers_about_people_and_versions_stay_inside(world: World, client_for: ClientFor) -> None:
    """The versions of a document that the person may open are themselves read through the key."""
    order = Order.objects.filter(establishment=world.lille).earliest("pk")
    first = make_document(DocumentType.FACTURE, order)
    second = make_document(DocumentType.FACTURE, order, replaces=first)
    user = world.personas["standard"]
    client = client_for(user)
    assert second.number in client.get(reverse("document_detail", args=[first.pk])).text
    assign_perm(DocumentGrant.WITHHELD, user, second)
    shown = client.get(reverse("document_detail", args=[first.pk])).context
    assert list(shown["versions"]) == []
    assert ENROLMENT_TYPES


@pytest.mark.parametrize("email", ["co-responsable@armor.example", "responsable@armor.example.org"])
def test_an_address_that_contains_another_opens_nothing_of_it(email: str, world: World) -> None:
    """Rule 1: equality of the verified address, nothing looser."""
    order = make_order(None, email, world.sessions[:1])
    assert Document.objects.filter(order=order).exists()
    assert not seen(world.personas["responsable"]) & set(
        Document.objects.filter(order=order).values_list("pk", flat=True)
    )
