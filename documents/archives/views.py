"""Asking for an archive, seeing how far it is, and its bytes."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.filters import Filters
from accounts.requests import person
from documents.archives.choosing import TooManyDocumentsError, ask_for, ids_found, ids_ticked
from documents.archives.opco import opco_pack
from documents.archives.streaming import Stream
from documents.filters import DocumentFilters
from documents.models import Archive
from enrolments.models import Order

MOST_AT_ONCE = 2  # downloads of one person: each keeps a thread of the server for as long as it lasts
SHOWN = 20


@require_POST
def archive_create(request: HttpRequest) -> HttpResponse:
    """An archive of the documents ticked, or of all that the filters in the address find."""
    user, back = person(request), f"{reverse('document_list')}?{request.GET.urlencode()}"
    everything = request.POST.get("quoi") != "selection"
    try:
        if everything:
            found = ids_found(user, Filters(DocumentFilters, request).condition())
        else:
            found = ids_ticked(user, request.POST.getlist("document"))
    except TooManyDocumentsError:
        messages.error(
            request,
            _("Une archive contient au plus %s documents : réduisez la période ou choisissez un type de document.")
            % f"{Archive.MOST_DOCUMENTS:,}".replace(",", "\u202f"),
        )
        return redirect(back)
    if not found:
        messages.error(
            request,
            _("Aucun document à télécharger.") if everything else _("Cochez d’abord les documents à télécharger."),
        )
        return redirect(back)
    title = ngettext("%d document", "%d documents", len(found)) % len(found)
    return redirect("archive_detail", ask_for(user=user, title=title, document_ids=found).pk)


@require_POST
def opco_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """What an OPCO asks for about one order, in one archive, with what is missing of it."""
    user = person(request)
    order = get_object_or_404(Order.objects.visible_to(user), pk=pk)
    pack = opco_pack(order, user)
    if not pack.documents:
        messages.error(request, _("Aucune pièce du dossier OPCO n’est disponible pour le moment."))
        return redirect("order_detail", order.pk)
    title = _("Dossier OPCO de la commande %s") % order.number
    archive = ask_for(user=user, title=title, document_ids=[one.pk for one in pack.documents], notes=pack.notes)
    return redirect("archive_detail", archive.pk)


@require_safe
def archive_list(request: HttpRequest) -> HttpResponse:
    """The person's archives of the last days."""
    archives = Archive.objects.visible_to(person(request)).defer("document_ids")[:SHOWN]
    return render(request, "documents/archive_list.html", {"archives": archives})


@require_safe
def archive_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One archive: its download starts by itself the first time, and the page says how far it is."""
    archive = get_object_or_404(Archive.objects.visible_to(person(request)).defer("document_ids"), pk=pk)
    return render(request, "documents/archive_detail.html", {"archive": archive})


@require_GET
def archive_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The bytes, made as they leave."""
    mine = Archive.objects.visible_to(person(request))
    archive = get_object_or_404(mine, pk=pk)
    if mine.under_way().exclude(pk=archive.pk).count() >= MOST_AT_ONCE:
        return render(request, "documents/archive_busy.html", {"archive": archive}, status=429)
    response = StreamingHttpResponse(iter(Stream(request, archive)), content_type="application/zip")
    name = f"{timezone.localdate().isoformat()}_{archive.title.replace(' ', '-')}.zip"
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Accel-Buffering"] = "no"
    return response
