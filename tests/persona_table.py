"""Who may open what: for each route the objects asked for and the personas that are answered; read by test_personas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.models import Access, Establishment, Invitation
from accounts.roles import Role
from catalogue.models import Session
from documents.models import Archive, Document
from enrolments.models import (
    Enrolment,
    Order,
    OrderDraft,
    OrderState,
    Participant,
    SessionProposal,
    WaitingEntry,
)
from enrolments.transitions import any_state
from tests.accords import make_accord
from tests.worlds import World, make_order

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
    """A route: who gets `allowed`; every other member gets `refused`, a visitor `anonymous`.

    `finds`: a parameter, what is searched with it, and what the answer then says to whom the route is allowed, and to
    nobody else.
    """

    allowed_to: frozenset[str]
    about: Callable[[World], Model | dict[str, object]] | None = None
    kwargs: tuple[tuple[str, object], ...] = ()
    allowed: int = 200
    refused: int = 404
    anonymous: int = 302
    finds: Callable[[World], tuple[str, str, str]] | None = None

    def expected(self, persona: str) -> int:
        if persona in self.allowed_to:
            return self.allowed
        return self.anonymous if persona == ANONYMOUS else self.refused


# Who sees an order that the responsable placed for Lille.
OF_LILLE = frozenset({"administrator", "standard", "member_of_two", "responsable"})


def colleague_of_lille(world: World) -> tuple[str, str, str]:
    order = Order.objects.filter(establishment=world.lille, order_email=world.personas["responsable"].email).first()
    person = Participant.objects.filter(enrolments__order=order).first()
    assert person is not None
    Participant.objects.filter(pk=person.pk).update(email="introuvable.ailleurs@armor.example")
    return "collaborateur", "introuvable.ailleurs", "introuvable.ailleurs"


def searched(words: str, about: Callable[[World], Model]) -> Callable[[World], tuple[str, str, str]]:
    """What the search over everything leads to; `words` names the field to search by."""

    def finds(world: World) -> tuple[str, str, str]:
        found = about(world)
        place = reverse(f"{found._meta.model_name}_detail", args=[found.pk])
        return "q", str(getattr(found, words)), f'href="{place}"'

    return finds


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


def archive_of(persona: str) -> Callable[[World], Archive]:
    def make(world: World) -> Archive:
        user = world.personas[persona]
        ids = Document.objects.visible_to(user).values_list("pk", flat=True)[:2]
        return Archive.objects.create(user=user, title="Archive", document_ids=list(ids), total=2)

    return make


MINE, OTHERS = "responsable@armor.example", "autre@armor.example"
LILLE = ("administrator", "standard", "member_of_two")
FACTURE, CONVOCATION = DocumentType.FACTURE, DocumentType.CONVOCATION

ADMINISTRATORS = ("administrator", "neighbour", "member_of_two")


def access_of(persona: str) -> Callable[[World], Access]:
    return lambda world: Access.objects.get(user=world.personas[persona], establishment=world.lille)


def invitation_to_lille(world: World) -> Invitation:
    """An invitation that waits, made once for all the personas of a test."""
    values = {"role": Role.STANDARD, "expires_at": timezone.now() + timedelta(days=14), "token_hash": "0" * 64}
    where = {"email": "invitee@armor.example", "establishment": world.lille}
    return Invitation.objects.get_or_create(**where, defaults=values)[0]


def enrolment_by(email: str) -> Callable[[World], Enrolment]:
    return lambda world: order_by(email)(world).enrolments.latest("starts_on")


def proposal_to(email: str) -> Callable[[World], SessionProposal]:
    """What is proposed about an order, made once for all the personas of a test."""

    def make(world: World) -> SessionProposal:
        enrolment = enrolment_by(email)(world)
        dates: dict[str, Any] = {
            "previous_starts_on": enrolment.starts_on,
            "previous_ends_on": enrolment.starts_on,
            "kind": "moved",
        }
        where: dict[str, Any] = {"order": enrolment.order, "session": enrolment.session}
        return SessionProposal.objects.get_or_create(**where, defaults=dates)[0]

    return make


def waiting_by(email: str) -> Callable[[World], WaitingEntry]:
    """An entry of a waiting list, made once for all the personas of a test."""

    def make(world: World) -> WaitingEntry:
        where: dict[str, Any] = {"session": world.sessions[1], "establishment": world.lille, "order_email": email}
        return WaitingEntry.objects.get_or_create(**where)[0]

    return make


def some_session(world: World) -> Session:
    return world.sessions[1]


def session_of_armor(world: World) -> Session:
    """A session with nobody but people of Lille in it, ordered by the responsable."""
    where: dict[str, Any] = {"code": "SES-LILLE", "course": world.sessions[1].course}
    dates = {"starts_on": world.sessions[1].starts_on, "ends_on": world.sessions[1].ends_on}
    session, made = Session.objects.get_or_create(**where, defaults=dates)
    if made:
        make_order(world.lille, MINE, [session], papers=False)
    return session


TABLE: dict[str, list[Row]] = {
    "enrolment_detail": [owners(enrolment_by(MINE), *LILLE, "responsable"), owners(enrolment_by(OTHERS), *LILLE)],
    "enrolment_substitute": [owners(enrolment_by(MINE), *LILLE, "responsable"), owners(enrolment_by(OTHERS), *LILLE)],
    "enrolment_move": [owners(enrolment_by(MINE), *LILLE, "responsable"), owners(enrolment_by(OTHERS), *LILLE)],
    "enrolment_cancel": [owners(enrolment_by(MINE), *LILLE, "responsable"), owners(enrolment_by(OTHERS), *LILLE)],
    "proposal_detail": [owners(proposal_to(MINE), *LILLE, "responsable"), owners(proposal_to(OTHERS), *LILLE)],
    "waiting_list": [members()],
    "waiting_detail": [owners(waiting_by(MINE), *LILLE, "responsable"), owners(waiting_by(OTHERS), *LILLE)],
    "waiting_join": [Row(frozenset(MEMBERS), about=some_session)],
    "stocktaking": [members()],
    **{
        route: [
            owners(participant_by(MINE), "administrator", "member_of_two", "responsable"),
            owners(participant_by(OTHERS), "administrator", "member_of_two"),
        ]
        for route in ("participant_correct", "participant_merge", "participant_erase")
    },
    "participant_unmerge": [members(405, pk=1)],
    "budget": [Row(frozenset(MEMBERS) - {"unverified"})],
    "calendar_settings": [members()],
    "enrolment_export_csv": [members()],
    "enrolment_export_xlsx": [members()],
    "order_export_csv": [members()],
    "order_export_xlsx": [members()],
    "calendar_feed": [Row(frozenset(), refused=404, anonymous=404, kwargs=(("secret", "nobodys"),))],
    "session_calendar": [owners(session_of_armor, *LILLE, "responsable")],
    "access_list": [Row(frozenset(ADMINISTRATORS))],
    "access_invite": [Row(frozenset(ADMINISTRATORS))],
    "access_review": [Row(frozenset(ADMINISTRATORS))],
    **{
        route: [
            owners(access_of("standard"), "administrator", "member_of_two"),
            owners(access_of("delegate_ended"), "administrator", "member_of_two"),
            owners(access_of("administrator"), "administrator", "member_of_two"),
        ]
        for route in ("access_change", "access_remove")
    },
    "invitation_resend": [owners(invitation_to_lille, "administrator", "member_of_two")],
    "invitation_revoke": [owners(invitation_to_lille, "administrator", "member_of_two")],
    "document_sharing": [
        owners(document_by(MINE, FACTURE), "administrator", "member_of_two"),
        owners(document_by(OTHERS, CONVOCATION), "administrator", "member_of_two"),
    ],
    # 404: whoever comes without a link that works is told what to do.
    "invitation": [Row(frozenset(EVERYONE), allowed=404)],
    "invitation_open": [Row(frozenset(EVERYONE), kwargs=(("token", "nonsense"),), allowed=302)],
    "home": [public()],
    "help": [public()],
    "legal": [public()],
    "accessibility": [public()],
    "health": [public()],
    "catalogue": [public()],
    "course_detail": [Row(frozenset(EVERYONE), about=lambda world: world.sessions[0].course)],
    "course_programme": [Row(frozenset(EVERYONE), about=lambda world: world.sessions[0].course)],
    "sitemap": [public()],
    "robots": [public()],
    "favicon": [Row(frozenset(EVERYONE), allowed=302)],
    "dashboard": [members()],
    "search": [
        members(),
        Row(OF_LILLE, refused=200, finds=searched("number", order_by(MINE))),
        Row(OF_LILLE, refused=200, finds=searched("last_name", participant_by(MINE))),
        Row(OF_LILLE, refused=200, finds=searched("number", document_by(MINE, FACTURE))),
        Row(OF_LILLE - {"standard"}, refused=200, finds=searched("number", document_by(MINE, CONVOCATION))),
    ],
    "enrolment_list": [members()],
    "filter_suggestions": [Row(OF_LILLE, refused=200, finds=colleague_of_lille)],
    "order_list": [members()],
    "participant_list": [members()],
    # 404: nobody has the attestation of this code; with a code, tests/documents/issuing/test_verification.py.
    "verification": [Row(frozenset(), refused=404, anonymous=404, kwargs=(("code", "inconnu"),))],
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
    "accord_list": [members()],
    "accord_detail": [
        owners(lambda world: make_accord(world.armor.company, world.lille), *LILLE, "responsable"),
        owners(lambda world: make_accord(world.armor.company, world.nice), "responsable"),
        owners(lambda world: make_accord(world.brume.company), "neighbour"),
    ],
    **{
        route: [
            owners(document_by(MINE, FACTURE), *LILLE, "responsable"),
            owners(document_by(OTHERS, FACTURE), *LILLE),
            owners(document_by(MINE, CONVOCATION), "administrator", "member_of_two", "responsable"),
            owners(document_by(OTHERS, CONVOCATION), "administrator", "member_of_two"),
        ]
        for route in ("document_detail", "document_view", "document_download")
    },
    **{
        route: [Row(frozenset(["administrator", "neighbour", "member_of_two"]))]
        for route in ("journal", "journal_export", "journal_documents", "journal_documents_export")
    },
    # By POST only.
    "visit_end": [members(405)],
    "account_notifications": [members()],
    # 302: asks who one is first.
    "account_data": [members(302)],
    "account_close": [members(302)],
    "establishments_shown": [members()],
    "documents_seen": [members(405)],
    "archive_create": [members(405)],
    "archive_list": [members()],
    "archive_detail": [owners(archive_of("administrator"), "administrator")],
    "archive_download": [owners(archive_of("administrator"), "administrator")],
    "opco_archive": [members(405, pk=1)],
    "missing_papers": [members()],
    "evaluation_results": [members()],
    "evaluation_answer": [Row(frozenset(EVERYONE), kwargs=(("token", "nonsense"),), allowed=404)],
    "deposit_create": [
        owners(order_by(MINE), "administrator", "member_of_two", "responsable"),
        owners(order_by(OTHERS), "administrator", "member_of_two"),
    ],
    "document_sign": [
        owners(document_by(MINE, DocumentType.BON_POUR_ACCORD), "administrator", "member_of_two", "responsable"),
        owners(document_by(OTHERS, DocumentType.BON_POUR_ACCORD), "administrator", "member_of_two"),
    ],
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
