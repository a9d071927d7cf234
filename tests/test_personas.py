"""Lock 3: every route of the site × every persona, with the answer each must get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.document_types import DocumentType
from accounts.models import Establishment
from documents.models import Document
from enrolments.models import Order, OrderDraft, OrderState, Participant
from enrolments.transitions import any_state
from tests.conftest import ClientFor
from tests.worlds import World

ANONYMOUS = "anonymous"
MEMBERS = [
    "administrator",
    "standard",
    "neighbour",
    "ex_member",
    "member_of_two",
    "responsable",
    "unverified",
    "delegate_ended",
    "staff",
]
EVERYONE = [*MEMBERS, ANONYMOUS]


@dataclass(frozen=True)
class Row:
    """A route: who gets `allowed`; every other member gets `refused`, a visitor `anonymous`."""

    allowed_to: frozenset[str]
    about: Callable[[World], Model | dict[str, object]] | None = None
    kwargs: tuple[tuple[str, object], ...] = ()
    allowed: int = 200
    refused: int = 404
    anonymous: int = 302

    def expected(self, persona: str) -> int:
        if persona in self.allowed_to:
            return self.allowed
        return self.anonymous if persona == ANONYMOUS else self.refused


def public(**kwargs: object) -> Row:
    return Row(frozenset(EVERYONE), kwargs=tuple(kwargs.items()))


def members(status: int = 200, **kwargs: object) -> Row:
    return Row(frozenset(MEMBERS), allowed=status, kwargs=tuple(kwargs.items()))


def visitors() -> Row:
    """Pages to enter by: whoever is in already is sent on."""
    return Row(frozenset([ANONYMOUS]), refused=302)


def owners(about: Callable[[World], Model | dict[str, object]], *personas: str, allowed: int = 200) -> Row:
    return Row(frozenset(personas), about=about, allowed=allowed)


def order_by(email: str) -> Callable[[World], Order]:
    return lambda world: Order.objects.get(establishment=world.lille, order_email=email)


def document_by(email: str, document_type: DocumentType) -> Callable[[World], Document]:
    return lambda world: Document.objects.get(establishment=world.lille, order_email=email, type=document_type)


def participant_by(email: str) -> Callable[[World], Participant]:
    return lambda world: Participant.objects.filter(enrolments__order=order_by(email)(world)).earliest("pk")


def draft_of(persona: str) -> Callable[[World], dict[str, object]]:
    """The token of a draft of this persona, made when it is first asked for."""

    def token(world: World) -> dict[str, object]:
        user, session = world.personas[persona], world.sessions[1]
        return {"token": OrderDraft.objects.get_or_create(owner=user, session=session, order_email=user.email)[0].token}

    return token


def transfer_of(persona: str) -> Callable[[World], dict[str, object]]:
    return lambda world: draft_of(persona)(world) | {"pk": world.sessions[1].pk}


def order_to_approve(world: World) -> Order:
    with any_state():
        Order.objects.filter(pk=order_by(OTHERS)(world).pk).update(state=OrderState.TO_APPROVE)
    return order_by(OTHERS)(world)


def establishment(world: World) -> Establishment:
    return world.lille


MINE, OTHERS = "responsable@armor.example", "autre@armor.example"
LILLE = ("administrator", "standard", "member_of_two")
FACTURE, CONVOCATION = DocumentType.FACTURE, DocumentType.CONVOCATION

TABLE: dict[str, list[Row]] = {
    "home": [public()],
    "help": [public()],
    "legal": [public()],
    "accessibility": [public()],
    "health": [public()],
    "dashboard": [members()],
    "search": [members()],
    "enrolment_list": [members()],
    "order_list": [members()],
    "participant_list": [members()],
    "document_list": [members()],
    "order_detail": [owners(order_by(MINE), *LILLE, "responsable"), owners(order_by(OTHERS), *LILLE)],
    "order_approval": [owners(order_to_approve, "administrator", "member_of_two")],
    "order_withdrawal": [
        owners(order_by(MINE), "administrator", "member_of_two", "responsable", allowed=302),
        owners(order_to_approve, "administrator", "member_of_two"),
    ],
    "approval_policies": [Row(frozenset(["administrator", "member_of_two", "neighbour"]))],
    "approval_policy": [owners(establishment, "administrator", "member_of_two")],
    "enrol_start": [Row(frozenset(MEMBERS), about=lambda world: world.sessions[1])],
    "enrol_colleagues": [Row(frozenset(MEMBERS), about=lambda world: world.sessions[1])],
    "enrol_price": [Row(frozenset(MEMBERS), about=lambda world: world.sessions[1])],
    **{
        route: [owners(draft_of(persona), persona) for persona in ("administrator", "responsable", "ex_member")]
        for route in ("enrol_terms", "enrol_summary", "enrol_discard")
    },
    # sent, not opened: tests/enrolments/test_enrol_pages.py posts it as its owner and as others
    "enrol_transfer": [Row(frozenset(MEMBERS), about=transfer_of("administrator"), allowed=405)],
    "participant_detail": [owners(participant_by(MINE), *LILLE, "responsable"), owners(participant_by(OTHERS), *LILLE)],
    **{
        route: [
            owners(document_by(MINE, FACTURE), *LILLE, "responsable"),
            owners(document_by(OTHERS, FACTURE), *LILLE),
            owners(document_by(MINE, CONVOCATION), "administrator", "member_of_two", "responsable"),
            owners(document_by(OTHERS, CONVOCATION), "administrator", "member_of_two"),
        ]
        for route in ("document_detail", "document_view", "document_download")
    },
    "account_home": [members()],
    "account_login": [visitors()],
    "account_signup": [visitors()],
    "account_logout": [members()],
    "account_inactive": [public()],
    "account_reset_password": [public()],
    "account_reset_password_done": [public()],
    "account_reset_password_from_key": [public(uidb36="1", key="set-password")],
    "account_reset_password_from_key_done": [public()],
    "account_email_verification_sent": [public()],
    "account_confirm_email": [public(key="nonsense")],
    "account_email": [members()],
    "account_change_password": [members()],
    # 302: asks for the password again first, which a session opened by force_login has not given.
    "account_set_password": [members(302)],
    "account_reauthenticate": [members()],
    "mfa_authenticate": [Row(frozenset(), refused=302)],
    "mfa_reauthenticate": [members(302)],
    "mfa_index": [members()],
    "mfa_activate_totp": [members(302)],
    "mfa_deactivate_totp": [members(404)],
    "mfa_view_recovery_codes": [members(404)],
    "mfa_generate_recovery_codes": [members(302)],
    "mfa_download_recovery_codes": [members(404)],
    "mfa_list_webauthn": [members()],
    "mfa_add_webauthn": [members(302)],
    "mfa_edit_webauthn": [members(302, pk=1)],
    "mfa_remove_webauthn": [members(302, pk=1)],
    "mfa_login_webauthn": [Row(frozenset(), refused=302)],
    "mfa_reauthenticate_webauthn": [members(302)],
    "usersessions_list": [members()],
}


def arguments_of(about: Model | dict[str, object]) -> dict[str, object]:
    return about if isinstance(about, dict) else {"pk": about.pk}


def routes_of(patterns: list[URLPattern | URLResolver]) -> list[str]:
    """The name of every route outside the admin, which tests/espace_client/test_admin_locks.py walks by itself."""
    names = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                names += routes_of(pattern.url_patterns)
        else:
            assert pattern.name, f"{pattern.pattern} has no name"
            names.append(pattern.name)
    return names


def test_every_route_is_in_the_table() -> None:
    routes = routes_of(get_resolver().url_patterns)
    assert len(routes) > 30
    assert sorted(routes) == sorted(TABLE)


def test_every_refusal_is_paired_with_an_owner() -> None:
    for route, rows in TABLE.items():
        for row in rows:
            assert row.about is None or row.allowed_to, f"{route}: a 404 that nobody's 200 answers proves nothing"


@pytest.mark.parametrize("route", TABLE)
def test_each_persona_gets_the_expected_answer(route: str, world: World, client_for: ClientFor) -> None:
    wrong = []
    for row in TABLE[route]:
        kwargs = arguments_of(row.about(world)) if row.about else dict(row.kwargs)
        url = reverse(route, kwargs=kwargs)
        for persona in EVERYONE:
            client: Client = client_for(world.personas.get(persona))
            answer = client.get(url)
            if answer.status_code != row.expected(persona):
                wrong.append(f"{persona} {url}: {answer.status_code}, expected {row.expected(persona)}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("route", ["order_detail", "participant_detail", "document_detail", "document_download"])
@pytest.mark.parametrize("identifier", ["0", "999999999", "9" * 30])
def test_an_unknown_id_answers_404_in_the_look_of_the_portal(
    route: str, identifier: str, world: World, client_for: ClientFor
) -> None:
    url = reverse(route, kwargs={"pk": 1}).replace("/1/", f"/{identifier}/")
    answer = client_for(world.personas["administrator"]).get(url)
    assert answer.status_code == 404
    assert "Espace client" in answer.text


@pytest.mark.parametrize(
    "path", ["/documents/abc/", "/commandes/1'--/", "/documents/-1/telecharger/", "/documents/1%00/"]
)
def test_a_malformed_id_answers_404(path: str, world: World, client_for: ClientFor) -> None:
    assert client_for(world.personas["administrator"]).get(path).status_code == 404
