"""Two rich tenants and the people around them, for every test about who may see what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone
from stdnum.luhn import calc_check_digit

from accounts.document_types import ENROLMENT_TYPES, DocumentType
from accounts.models import Access, Company, Establishment, RemovedAccess, User
from accounts.roles import Role
from accounts.services import set_document_types
from catalogue.models import Course, Domain, Session, SessionState
from documents.models import Document
from documents.store import store
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState, Participant

PASSWORD = "Mot-de-passe-de-test-1"
_serial = count(1)


def number(prefix: str) -> str:
    """A number that nothing else has."""
    return f"{prefix}{next(_serial):06d}"


def make_siren(seed: int) -> str:
    body = f"{seed:08d}"
    return body + calc_check_digit(body)


def make_siret(siren: str, rank: int) -> str:
    body = f"{siren}{rank:04d}"
    return body + calc_check_digit(body)


def make_user(email: str, *, verified: bool = True, **fields: Any) -> User:
    """An account with the test password, and its address."""
    fields = {"first_name": "Camille", "last_name": email.split("@")[0].title(), **fields}
    user = User.objects.create_user(email, **fields)
    user.password = _hashed()
    user.save(update_fields=["password"])
    EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)
    return user


def _hashed() -> str:
    # A hash is slow by design; every test account has the same password, so one hash serves.
    if not _HASH:
        sample = User()
        sample.set_password(PASSWORD)
        _HASH.append(sample.password)
    return _HASH[0]


_HASH: list[str] = []


def give_access(
    user: User, establishment: Establishment, role: Role, types: Iterable[DocumentType] = (), **fields: Any
) -> Access:
    """An access, with its ticked types when it is a standard one."""
    access = Access.objects.create(user=user, establishment=establishment, role=role, **fields)
    if role == Role.STANDARD:
        set_document_types(access=access, types=types)
    return access


def pdf(text: str) -> bytes:
    """A small valid PDF that says `text`."""
    stream = f"BT /F1 12 Tf 60 780 Td ({text}) Tj ET".encode("latin-1", "replace")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    content, offsets = b"%PDF-1.4\n", []
    for index, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj%sendobj\n" % (index, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return content + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(content),
    )


def make_document(
    document_type: DocumentType, order: Order, enrolment: Enrolment | None = None, **fields: Any
) -> Document:
    """A document of an order, with a real file in the store."""
    reference = number(document_type.value[:3].upper())
    stored = store(pdf(reference))
    values: dict[str, object] = {
        "type": document_type,
        "number": reference,
        "issued_on": timezone.localdate() - timedelta(days=10),
        "order": order,
        "enrolment": enrolment,
        "session": enrolment.session if enrolment else None,
        "file": stored.name,
        "sha256": stored.sha256,
        "size": stored.size,
        "amount": Decimal("1234.50") if document_type == DocumentType.FACTURE else None,
        **fields,
    }
    document = Document.objects.create(**values)
    document.refresh_from_db()
    return document


def make_order(
    establishment: Establishment | None,
    email: str,
    sessions: Iterable[Session],
    *,
    state: OrderState = OrderState.VALIDATED,
    papers: bool = True,
    **fields: Any,
) -> Order:
    """An order with one participant per session and, if `papers`, a document of each of the nine types."""
    order = Order.objects.create(
        number=number("CMD"), order_email=email, establishment=establishment, state=state, **fields
    )
    company = establishment.company if establishment else None
    for session in sessions:
        participant = Participant.objects.create(
            company=company, owner_email="" if company else email, last_name=number("Nom"), first_name="Zoé"
        )
        Enrolment.objects.create(
            number=number("INS"),
            order=order,
            session=session,
            participant=participant,
            state=EnrolmentState.CONFIRMED,
            public_price=Decimal("1500.00"),
            price=Decimal("1275.00"),
        )
    if papers:
        enrolment = order.enrolments.select_related("session").first()
        for document_type in DocumentType:
            about = enrolment if document_type in ENROLMENT_TYPES else None
            fields_of_session = {"session": enrolment.session} if enrolment else {}
            make_document(document_type, order, about, **fields_of_session)
    return order


@dataclass
class Tenant:
    """A company with its establishments, and the orders of each."""

    company: Company
    establishments: list[Establishment]
    orders: dict[int, list[Order]] = field(default_factory=dict)

    def documents(self, establishment: Establishment) -> list[Document]:
        return list(Document.objects.filter(establishment=establishment).order_by("pk"))


@dataclass
class World:
    """Everything at once. `armor` is the tenant that the personas are about, `brume` the neighbour."""

    armor: Tenant
    brume: Tenant
    sessions: list[Session]
    personas: dict[str, User]

    @property
    def lille(self) -> Establishment:
        return self.armor.establishments[0]

    @property
    def nice(self) -> Establishment:
        return self.armor.establishments[1]


def make_sessions() -> list[Session]:
    """A course with a past session and two coming ones."""
    today = timezone.localdate()
    domain = Domain.objects.create(code=number("DOM"), label="Développement")
    course = Course.objects.create(
        reference=number("REF"),
        title="Python, les bases",
        domain=domain,
        days=Decimal(3),
        hours=Decimal(21),
        public_price=Decimal("1500.00"),
    )
    dates = [(today - timedelta(days=60), SessionState.DONE), (today + timedelta(days=10), SessionState.CONFIRMED)]
    return [make_session(course, starts_on, state) for starts_on, state in dates]


def make_session(course: Course, starts_on: date, state: SessionState = SessionState.OPEN) -> Session:
    return Session.objects.create(
        code=number("SES"),
        course=course,
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=2),
        city="Lille",
        seats=12,
        minimum=3,
        state=state,
    )


def make_tenant(name: str, seed: int, sessions: list[Session], emails: list[str], cities: list[str]) -> Tenant:
    """A company with one establishment per city; in each, one order per email."""
    siren = make_siren(seed)
    company = Company.objects.create(siren=siren, name=name, email_domains=[f"{name.lower()}.example"])
    tenant = Tenant(company, [])
    for rank, city in enumerate(cities, 1):
        establishment = Establishment.objects.create(
            company=company, siret=make_siret(siren, rank), name=f"{name} {city}", city=city
        )
        tenant.establishments.append(establishment)
        tenant.orders[establishment.pk] = [make_order(establishment, email, sessions) for email in emails]
    return tenant


def make_world() -> World:
    """Two tenants, and one person of each kind that the matrix of rights tells apart."""
    sessions = make_sessions()
    orderer, other = "responsable@armor.example", "autre@armor.example"
    armor = make_tenant("Armor", 82281866, sessions, [orderer, other], ["Lille", "Nice"])
    brume = make_tenant("Brume", 40348014, sessions, ["voisin@brume.example"], ["Lyon"])
    lille, nice = armor.establishments
    lyon = brume.establishments[0]
    personas = {
        "administrator": make_user("administratrice@armor.example"),
        "standard": make_user("comptable@armor.example"),
        "neighbour": make_user("voisin@brume.example"),
        "ex_member": make_user("ancien@armor.example"),
        "member_of_two": make_user("deux@armor.example"),
        "responsable": make_user(orderer),
        "unverified": make_user(other, verified=False),
        "delegate_ended": make_user("delegue@armor.example"),
        "staff": make_user("equipe@ib.example", is_staff=True, is_superuser=True),
    }
    give_access(personas["administrator"], lille, Role.ADMINISTRATOR)
    give_access(personas["standard"], lille, Role.STANDARD, [DocumentType.FACTURE])
    give_access(personas["neighbour"], lyon, Role.ADMINISTRATOR)
    RemovedAccess.objects.create(user=personas["ex_member"], establishment=lille)
    give_access(personas["member_of_two"], lille, Role.ADMINISTRATOR)
    give_access(personas["member_of_two"], nice, Role.STANDARD, [DocumentType.CONVOCATION])
    now = timezone.now()
    give_access(
        personas["delegate_ended"],
        lille,
        Role.ADMINISTRATOR,
        granted_at=now - timedelta(days=30),
        ends_at=now - timedelta(days=1),
    )
    return World(armor, brume, sessions, personas)
