"""The library of documents: the list, one document, and its bytes."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.filters import Filters
from accounts.lists import Ordering, chosen_ordering, page_of
from accounts.requests import person
from documents.filters import DocumentFilters
from documents.listing import DOCUMENTS
from documents.models import Document, hide_amounts, versions_of
from documents.serving import answer_with, open_to, record_refusal

ORDERINGS = [
    Ordering("-date", ("-issued_on",)),
    Ordering("date", ("issued_on",)),
    Ordering("numero", ("number",)),
    Ordering("-numero", ("-number",)),
    Ordering("type", ("type",)),
    Ordering("-type", ("-type",)),
]
RELATED = ["session__course", "enrolment__participant", "order", "establishment", "replaced_by"]


@require_safe
def document_list(request: HttpRequest) -> HttpResponse:
    """Every document that the person may open, filtered by the address."""
    user, filters = person(request), Filters(DocumentFilters, request)
    ordering = chosen_ordering(ORDERINGS, request.GET)
    page = page_of(DOCUMENTS, user, filters.condition(), ordering, request.GET)
    documents = [document.shown_to(user) for document in page.rows]
    context = {
        "filters": filters,
        "sort": ordering.name,
        "documents": documents,
        "page": page,
        "count": ngettext("%s document", "%s documents", page.total) % page.total_text,
        "amounts_visible": any(document.amount is not None for document in documents),
        "several_establishments": bool(filters.establishments),
    }
    return render(request, "documents/document_list.html", context)


@require_safe
def document_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One document: what it is about, its other versions, and the ways to open it."""
    user = person(request)
    visible = Document.objects.visible_to(user)
    document = get_object_or_404(visible.select_related(*RELATED), pk=pk)
    hide_amounts([document], user)
    context = {
        "document": document,
        "amounts_visible": document.amount is not None,
        "versions": hide_amounts(
            visible.select_related("session__course", "replaced_by").filter(versions_of(document)), user
        ),
        "can_preview": True,
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
