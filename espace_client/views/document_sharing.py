"""Who opens one document, among the standard accesses of its establishment: the exceptions to the ticked types."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access_listing import accesses_of
from accounts.document_types import name_of
from accounts.requests import person
from accounts.roles import Role
from documents.models import Document
from documents.sharing import choose_readers, readers_of


@require_http_methods(["GET", "HEAD", "POST"])
def document_sharing(request: HttpRequest, pk: int) -> HttpResponse:
    """One box per standard access: ticked, the person opens this document. Administrators of its establishment only."""
    user = person(request)
    manageable = Document.objects.visible_to(user).filter(establishment__in=user.rights.administered)
    document = get_object_or_404(manageable.select_related("establishment", "session__course"), pk=pk)
    accesses = accesses_of(user).filter(establishment=document.establishment_id, role=Role.STANDARD).in_force()
    readers = readers_of(document, accesses)
    if request.method == "POST":
        return _save(request, document, [reader.access.pk for reader in readers])
    context = {"document": document, "readers": readers, "type_name": name_of(document.type)}
    return render(request, "documents/document_sharing.html", context)


def _save(request: HttpRequest, document: Document, current: list[int]) -> HttpResponse:
    """Only what the page showed is decided: an access that came since is left alone."""
    shown = _numbers(request.POST.getlist("montre"))
    opened = _numbers(request.POST.getlist("ouvre"))
    try:
        changed = choose_readers(document=document, offered=shown & set(current), opened=opened, actor=person(request))
    except PermissionDenied as error:
        raise Http404 from error
    if changed:
        text = ngettext("%d exception enregistrée.", "%d exceptions enregistrées.", len(changed)) % len(changed)
        messages.success(request, text)
    else:
        messages.info(request, _("Rien n’a changé."))
    return redirect("document_detail", pk=document.pk)


def _numbers(values: list[str]) -> set[int]:
    return {int(one) for one in values if one.isascii() and one.isdigit() and len(one) < 19}
