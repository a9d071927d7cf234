"""The page on which a client hands in a document for an order."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.document_types import DocumentType
from accounts.models import User
from accounts.requests import address_of, person
from documents.deposits.forms import DepositForm, not_kept
from documents.deposits.services import Details, MayNotDepositError, deposit, types_to_deposit
from documents.models import Deposit
from documents.store import UnwritableStoreError
from enrolments.models import Order


@require_http_methods(["GET", "HEAD", "POST"])
def deposit_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand in a bon de commande, a prise en charge, or what was signed elsewhere."""
    user = person(request)
    order = get_object_or_404(Order.objects.visible_to(user), pk=pk)
    if not types_to_deposit(order, user.rights):
        raise Http404
    if request.method == "POST":
        form = DepositForm(order, user, request.POST, request.FILES)
        if form.is_valid() and (received := _received(request, form, order, user)):
            messages.success(request, _("%s : document reçu.") % received.document)
            return redirect("document_detail", received.document_id)
    else:
        form = DepositForm(order, user, initial={"type": request.GET.get("type", "")})
    return render(request, "documents/deposit.html", {"order": order, "form": form})


def _received(request: HttpRequest, form: DepositForm, order: Order, user: User) -> Deposit | None:
    """What was filed; None when the form says why it was not."""
    said = form.cleaned_data
    assert form.examined is not None  # noqa: S101  # a valid form has looked at its file
    details = Details(
        purchase_order_number=said.get("purchase_order_number", ""),
        amount=said.get("amount") if said["type"] == DocumentType.PRISE_EN_CHARGE else None,
        signatory=said.get("signatory", ""),
        job_title=said.get("job_title", ""),
        ip_address=address_of(request),
        user_agent=request.headers.get("User-Agent", "")[:300].replace("\x00", ""),
    )
    try:
        return deposit(
            order=order,
            document_type=DocumentType(said["type"]),
            examined=form.examined,
            original_name=str(said["upload"].name),
            actor=user,
            details=details,
        )
    except MayNotDepositError:
        raise Http404 from None
    except ValidationError as error:
        form.add_error("type", error)
    except UnwritableStoreError as error:
        form.add_error("upload", not_kept(error))
    return None
