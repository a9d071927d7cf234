"""The page of one colleague: what they followed, what they will follow, and their papers."""

from collections.abc import Iterable
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import person
from documents.models import Document, hide_amounts
from documents.validity import tell_void, with_validity
from enrolments.attendance import with_hours_attended
from enrolments.listing import ATTENDED
from enrolments.models import Enrolment, ErasureRequest, Participant, ParticipantMerge
from espace_client.formatting import duration, number


@require_safe
def participant_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One colleague, seen through the enrolments and documents that the person may see."""
    user, today = person(request), timezone.localdate()
    participant = get_object_or_404(Participant.objects.visible_to(user), pk=pk)
    enrolments = list(
        with_hours_attended(Enrolment.objects.visible_to(user).filter(participant=participant)).select_related(
            "order", "session__course"
        )
    )
    documents = (
        Document.objects.visible_to(user)
        .filter(enrolment__participant=participant)
        .select_related("session__course", "replaced_by")
    )
    attended = [enrolment for enrolment in enrolments if enrolment.state in ATTENDED]
    years = hours_by_year(attended)
    context = {
        "participant": participant,
        "figures": [
            (_("Formations suivies"), number(len(attended)), ""),
            (_("Heures suivies"), duration(None, sum(years.values(), Decimal(0))), ""),
        ],
        "years": sorted(years.items(), reverse=True),
        "managed": Participant.objects.manageable_by(user).filter(pk=pk).exists(),
        "merges": ParticipantMerge.objects.visible_to(user)
        .in_force()
        .filter(kept=participant)
        .select_related("merged"),
        "erasure": ErasureRequest.objects.visible_to(user).filter(participant=participant).first(),
        "upcoming": [enrolment for enrolment in reversed(enrolments) if enrolment.session.ends_on >= today],
        "past": [enrolment for enrolment in enrolments if enrolment.session.ends_on < today],
        "documents": tell_void(hide_amounts(with_validity(documents), user)),
    }
    return render(request, "enrolments/participant_detail.html", context)


def hours_by_year(attended: Iterable[Enrolment]) -> dict[int, Decimal]:
    """The hours followed in each year, by the first day; needs `with_hours_attended`."""
    years: dict[int, Decimal] = {}
    for one in attended:
        hours: Decimal = getattr(one, "hours_attended", Decimal(0))
        years[one.starts_on.year] = years.get(one.starts_on.year, Decimal(0)) + hours
    return years
