"""The people whose pages are measured: the same in every world, each reaching their rows by another road."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm

from accounts.document_types import DocumentType
from accounts.models import Access, User
from accounts.roles import Role
from accounts.services import set_document_types
from benchmarks.world import AVERAGE, BIG, SIX
from documents.models import Document, DocumentGrant

HOST = "bench.example"
TICKED = (DocumentType.FACTURE, DocumentType.CONVENTION, DocumentType.ATTESTATION)
EXCEPTIONS = 5  # documents shared with the standard access, and as many withheld
# Words of titles, typed half; a word misspelt; a word of the objectives and programmes of most courses, not of a title.
SEARCHES = {
    "catalogue_search": "gestion+de+proj",
    "catalogue_search_misspelt": "pyhton",
    "catalogue_search_in_programmes": "sauvegarde",
}
PAGES = ("dashboard", "order_list", "enrolment_list", "participant_list", "document_list")


@dataclass(frozen=True)
class Persona:
    """Someone with an account. `administers` and `reads` are ids of establishments."""

    name: str
    email: str
    administers: tuple[int, ...] = ()
    reads: tuple[int, ...] = ()


PERSONAS = (
    Persona("administrator, biggest establishment", "administratrice@bench.example", (BIG,)),
    Persona("standard access to it, 3 types", "comptable@bench.example", (), (BIG,)),
    Persona("responsable, by email only", "responsable@bench.example"),
    Persona("member of six establishments", "six@bench.example", tuple(SIX)[:3], tuple(SIX)[3:]),
    Persona("administrator, average establishment", "moyenne@bench.example", (AVERAGE,)),
)


@dataclass(frozen=True)
class Browser:
    """A logged-in persona: the cookies that their browser sends, and the pages that it asks for, by name."""

    persona: str
    cookie: str
    paths: dict[str, str]


def admit(persona: Persona) -> Browser:
    """Create the persona in the database in use and log them in."""
    user = User.objects.create_user(persona.email, first_name="Camille", last_name="Le Gall")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    for establishment in persona.administers:
        Access.objects.create(user=user, establishment_id=establishment, role=Role.ADMINISTRATOR)
    for establishment in persona.reads:
        access = Access.objects.create(user=user, establishment_id=establishment, role=Role.STANDARD)
        set_document_types(access=access, types=TICKED)
        _make_exceptions(user, establishment)
    return _log_in(persona, User.objects.get(pk=user.pk))


def _make_exceptions(user: User, establishment: int) -> None:
    rows = Document.objects.filter(establishment=establishment)
    for document in rows.filter(type__in=TICKED)[:EXCEPTIONS]:
        assign_perm(DocumentGrant.WITHHELD, user, document)
    for document in rows.exclude(type__in=TICKED)[:EXCEPTIONS]:
        assign_perm(DocumentGrant.SHARED, user, document)


def _log_in(persona: Persona, user: User) -> Browser:
    client = Client(headers={"host": HOST})
    client.force_login(user)
    client.get(reverse("dashboard"), secure=True)  # the first page brings the cookie of CSRF
    names = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
    cookie = "; ".join(f"{name}={client.cookies[name].value}" for name in names)
    newest = Document.objects.visible_to(user).order_by("-issued_on", "-pk")[0]
    paths = {name: reverse(name) for name in PAGES}
    paths["search"] = f"{reverse('search')}?q=postgresql"
    paths["catalogue"] = reverse("catalogue")
    for name, words in SEARCHES.items():
        paths[name] = f"{reverse('catalogue')}?q={words}"
    paths["download"] = reverse("document_download", args=[newest.pk])
    return Browser(persona.name, cookie, paths)
