"""The lists of orders, enrolments and participants."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.lists import Ordering, chosen_ordering, page_of
from accounts.requests import person
from enrolments.filters import EnrolmentFilters, OrderFilters, ParticipantFilters
from enrolments.models import Enrolment, Order, Participant
from enrolments.presentation import present_orders, present_participants, tabs

ORDER_ORDERINGS = [
    Ordering("-date", ("-placed_on",)),
    Ordering("date", ("placed_on",)),
    Ordering("numero", ("number",)),
    Ordering("-numero", ("-number",)),
    Ordering("etat", ("state",)),
    Ordering("-etat", ("-state",)),
]
ENROLMENT_ORDERINGS = [
    Ordering("-date", ("-starts_on",)),
    Ordering("date", ("starts_on",)),
    Ordering("etat", ("state",)),
    Ordering("-etat", ("-state",)),
]
PARTICIPANT_ORDERINGS = [
    Ordering("nom", ("last_name", "first_name")),
    Ordering("-nom", ("-last_name", "-first_name")),
]


@require_safe
def order_list(request: HttpRequest) -> HttpResponse:
    """The orders that the person may see, filtered by the address."""
    user, filters = person(request), OrderFilters(request)
    ordering = chosen_ordering(ORDER_ORDERINGS, request.GET)
    branches = filters.apply(Order.objects.visible_by_branch(user))
    page = page_of(branches, ordering, request.GET, ["establishment"])
    rows = present_orders(page.rows, Enrolment.objects.visible_to(user), user)
    context = {
        "tabs": tabs(request),
        "filters": filters,
        "sort": ordering.name,
        "orders": rows,
        "page": page,
        "count": ngettext("%d commande", "%d commandes", page.total) % page.total,
        "amounts_visible": any(row.amount is not None for row in rows),
        "several_establishments": "etablissement" in filters.fields,
    }
    return render(request, "enrolments/order_list.html", context)


@require_safe
def enrolment_list(request: HttpRequest) -> HttpResponse:
    """Who goes where and when, filtered by the address."""
    user, filters = person(request), EnrolmentFilters(request)
    ordering = chosen_ordering(ENROLMENT_ORDERINGS, request.GET)
    branches = filters.apply(Enrolment.objects.visible_by_branch(user))
    page = page_of(branches, ordering, request.GET, ["order", "participant", "session__course"])
    context = {
        "tabs": tabs(request),
        "filters": filters,
        "sort": ordering.name,
        "enrolments": page.rows,
        "page": page,
        "count": ngettext("%d inscription", "%d inscriptions", page.total) % page.total,
    }
    return render(request, "enrolments/enrolment_list.html", context)


@require_safe
def participant_list(request: HttpRequest) -> HttpResponse:
    """The colleagues with an enrolment that the person may see."""
    user, filters = person(request), ParticipantFilters(request)
    ordering = chosen_ordering(PARTICIPANT_ORDERINGS, request.GET)
    page = page_of(filters.apply([Participant.objects.visible_to(user)]), ordering, request.GET, [])
    context = {
        "filters": filters,
        "sort": ordering.name,
        "participants": present_participants(page.rows, Enrolment.objects.visible_to(user)),
        "page": page,
        "count": ngettext("%d collaborateur", "%d collaborateurs", page.total) % page.total,
    }
    return render(request, "enrolments/participant_list.html", context)
