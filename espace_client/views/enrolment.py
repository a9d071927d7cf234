"""The page of one enrolment: who, where, when, what happened, what is due, and the three changes one can make."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.requests import person
from documents.models import Document, hide_amounts
from documents.validity import tell_void, with_validity
from enrolments.attendance import with_hours_attended
from enrolments.changing import obstacle
from enrolments.models import Attendance, Enrolment, EnrolmentEvent, SessionProposal
from enrolments.quoting import Change
from espace_client.timeline import steps_of_enrolment


def own_enrolment(user: User, pk: int) -> Enrolment:
    """An enrolment that the person may see, with what its pages show of it; Http404 otherwise."""
    rows = Enrolment.objects.visible_to(user).select_related("order__establishment", "session__course", "participant")
    return get_object_or_404(rows, pk=pk)


@require_safe
def enrolment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One enrolment that the person may see."""
    user, today = person(request), timezone.localdate()
    enrolment = own_enrolment(user, pk)
    amounts_visible = enrolment.order.shows_amounts_to(user)
    events = (
        EnrolmentEvent.objects.visible_to(user)
        .filter(enrolment=enrolment)
        .select_related(
            "actor", "participant_before", "participant_after", "session_before__course", "session_after__course"
        )
    )
    documents = (
        Document.objects.visible_to(user).filter(enrolment=enrolment).select_related("session__course", "replaced_by")
    )
    attendances = list(Attendance.objects.visible_to(user).filter(enrolment=enrolment).select_related("half_day"))
    hours = with_hours_attended(Enrolment.objects.visible_to(user).filter(pk=pk)).get() if attendances else None
    context = {
        "enrolment": enrolment,
        "amounts_visible": amounts_visible,
        "fee": sum((event.fee for event in events), 0) if amounts_visible else None,
        "steps": steps_of_enrolment(enrolment, events, amounts_visible=amounts_visible),
        "documents": tell_void(hide_amounts(with_validity(documents), user)),
        "attendances": attendances,
        "hours_attended": getattr(hours, "hours_attended", None),
        "obstacle": obstacle(enrolment, Change.CANCEL, today),
        "proposal": SessionProposal.objects.visible_to(user)
        .open()
        .filter(order=enrolment.order_id, session=enrolment.session_id)
        .first(),
    }
    return render(request, "enrolments/enrolment_detail.html", context)
