"""The page of one colleague: what they followed, what they will follow, and their papers."""

from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import person
from documents.models import Document, hide_amounts
from enrolments.listing import ATTENDED
from enrolments.models import Enrolment, Participant
from espace_client.formatting import number


@require_safe
def participant_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One colleague, seen through the enrolments and documents that the person may see."""
    user, today = person(request), timezone.localdate()
    participant = get_object_or_404(Participant.objects.visible_to(user), pk=pk)
    enrolments = list(
        Enrolment.objects.visible_to(user).filter(participant=participant).select_related("order", "session__course")
    )
    documents = (
        Document.objects.visible_to(user)
        .filter(enrolment__participant=participant)
        .select_related("session__course", "replaced_by")
    )
    attended = [enrolment for enrolment in enrolments if enrolment.state in ATTENDED]
    hours = sum((enrolment.hours for enrolment in attended), Decimal(0))
    context = {
        "participant": participant,
        "figures": [
            (_("Formations suivies"), number(len(attended)), ""),
            (_("Heures suivies"), f"{number(hours)} h", ""),
        ],
        "upcoming": [enrolment for enrolment in reversed(enrolments) if enrolment.session.ends_on >= today],
        "past": [enrolment for enrolment in enrolments if enrolment.session.ends_on < today],
        "documents": hide_amounts(documents, user),
    }
    return render(request, "enrolments/participant_detail.html", context)
