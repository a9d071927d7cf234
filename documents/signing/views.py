"""The page on which a bon pour accord is agreed to."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.document_types import DocumentType
from accounts.models import User
from accounts.requests import address_of, person
from documents.models import Document
from documents.signing.forms import AcceptanceForm
from documents.signing.services import Signatory, accept, refusal_to_sign, statement_of


@require_http_methods(["GET", "HEAD", "POST"])
def document_sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Read it, say who one is, agree."""
    user = person(request)
    visible = Document.objects.visible_to(user).select_related("order", "acceptance", "replaced_by")
    document = get_object_or_404(visible, pk=pk, type=DocumentType.BON_POUR_ACCORD)
    if refusal := refusal_to_sign(document):
        messages.warning(request, refusal)
        return redirect("document_detail", document.pk)
    if request.method == "POST":
        form = AcceptanceForm(request.POST)
        if form.is_valid() and _accepted(request, form, document, user):
            messages.success(request, _("Votre accord est enregistré. Nous vous en envoyons la trace par mail."))
            return redirect("document_detail", document.pk)
    else:
        known = {"name": user.get_full_name(), "job_title": user.job_title, "sha256": document.sha256}
        form = AcceptanceForm(initial=known)
    context = {"document": document, "form": form, "statement": statement_of(document)}
    return render(request, "documents/sign.html", context)


def _accepted(request: HttpRequest, form: AcceptanceForm, document: Document, user: User) -> bool:
    """Whether the agreement is recorded; else the form says why not."""
    signatory = Signatory(
        name=form.cleaned_data["name"],
        job_title=form.cleaned_data["job_title"],
        ip_address=address_of(request),
        user_agent=request.headers.get("User-Agent", "")[:300].replace("\x00", ""),
    )
    try:
        accept(document=document, sha256=form.cleaned_data["sha256"], signatory=signatory, actor=user)
    except Document.DoesNotExist:
        raise Http404 from None
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True
