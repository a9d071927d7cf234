"""The library of documents: the list, one document, and its bytes."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.filters import Filters
from accounts.lists import AFTER, BEFORE, Ordering, ask_page, chosen_ordering, later
from accounts.requests import person
from accounts.statements import together
from documents.filters import DocumentFilters
from documents.listing import DOCUMENTS
from documents.models import Document, hide_amounts, versions_of
from documents.serving import answer_with, open_to, record_refusal
from documents.signing.services import refusal_to_sign
from documents.validity import tell_void, with_validity
from documents.visits import mark_all_seen, note_visit

ORDERINGS = [
    Ordering("-date", ("-issued_on",)),
    Ordering("date", ("issued_on",)),
    Ordering("numero", ("number",)),
    Ordering("-numero", ("-number",)),
    Ordering("type", ("type",)),
    Ordering("-type", ("-type",)),
]
RELATED = ["session__course", "enrolment__participant", "order", "establishment"]
VERSIONS = ["invoice", "replaced_by", "replaces", "acceptance", "deposit"]


@require_safe
def document_list(request: HttpRequest) -> HttpResponse:
    """Every document that the person may open, filtered by the address; those new since the last visit are marked."""
    note_visit(request)
    user, filters = person(request), Filters(DocumentFilters, request)
    ordering = chosen_ordering(ORDERINGS, request.GET)
    condition = filters.condition()
    with together():  # the frame is drawn while the database finds the rows
        page = ask_page(DOCUMENTS, user, condition, ordering, request.GET)
        documents = later(lambda: [document.shown_to(user) for document in page.rows])
        context = {
            "filters": filters,
            "sort": ordering.name,
            "documents": documents,
            "page": page,
            "count": later(lambda: ngettext("%s document", "%s documents", page.total) % page.total_text),
            "amounts_visible": lambda: any(document.amount is not None for document in documents),
            "several_establishments": bool(filters.establishments),
            "any_new": lambda: any(document.new for document in documents),
            "archive_query": _without_page(request),
        }
        return render(request, "documents/document_list.html", context)


def _without_page(request: HttpRequest) -> str:
    """The filters of the address, for what is done with all that they find."""
    params = request.GET.copy()
    for name in (AFTER, BEFORE):
        params.pop(name, None)
    return params.urlencode()


@require_POST
def documents_seen(request: HttpRequest) -> HttpResponse:
    """Nothing is new any more."""
    mark_all_seen(person(request))
    messages.success(request, _("Tous les documents sont marqués comme vus."))
    return redirect("document_list")


@require_safe
def document_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One document: what it is about, its other versions, and the ways to open it."""
    user = person(request)
    visible = Document.objects.visible_to(user)
    document = get_object_or_404(with_validity(visible.select_related(*RELATED, *VERSIONS)), pk=pk)
    tell_void(hide_amounts([document], user))
    versions = visible.select_related("session__course", "replaced_by")
    context = {
        "document": document,
        "amounts_visible": document.amount is not None,
        "versions": tell_void(hide_amounts(with_validity(versions.filter(versions_of(document))), user)),
        "can_preview": True,
        "acceptance": getattr(document, "acceptance", None),
        "deposit": getattr(document, "deposit", None),
        "invoice": getattr(document, "invoice", None),
        "can_sign": not refusal_to_sign(document),
        "can_open_replaced": document.replaces_id is not None and visible.filter(pk=document.replaces_id).exists(),
        "can_share": document.establishment_id in user.rights.administered,
    }
    return render(request, "documents/document_detail.html", context)


@require_safe
def document_view(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file, to be read in the browser."""
    return _serve(request, pk, inline=True)


@require_safe
def document_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file, to be kept."""
    return _serve(request, pk, inline=False)


def _serve(request: HttpRequest, pk: int, *, inline: bool) -> HttpResponseBase:
    """A refusal looks like a document that does not exist."""
    document = open_to(request, pk, inline=inline)
    if document is None:
        record_refusal(request, pk)
        raise Http404
    return answer_with(request, document, inline=inline)
