"""The lists of orders, enrolments and participants; the frame of each is drawn while the database finds the rows."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.filters import Filters, words_in
from accounts.lists import Ordering, ask_page, chosen_ordering, later
from accounts.requests import person
from accounts.statements import together
from enrolments.filters import (
    EnrolmentFilters,
    OrderFilters,
    ParticipantFilters,
    suggested_colleagues,
    suggested_sessions,
)
from enrolments.listing import ENROLMENTS, ORDERS, PARTICIPANTS
from enrolments.models import Enrolment
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
    user, filters = person(request), Filters(OrderFilters, request)
    ordering = chosen_ordering(ORDER_ORDERINGS, request.GET)
    condition = filters.condition()
    with together():
        page = ask_page(ORDERS, user, condition, ordering, request.GET)
        rows = later(lambda: present_orders(page.rows, user))
        context = {
            "tabs": tabs(request.path),
            "filters": filters,
            "sort": ordering.name,
            "orders": rows,
            "page": page,
            "count": later(lambda: ngettext("%s commande", "%s commandes", page.total) % page.total_text),
            "amounts_visible": lambda: any(row.amount is not None for row in rows),
            "several_establishments": bool(filters.establishments),
        }
        return render(request, "enrolments/order_list.html", context)


@require_safe
def enrolment_list(request: HttpRequest) -> HttpResponse:
    """Who goes where and when, filtered by the address."""
    user, filters = person(request), Filters(EnrolmentFilters, request)
    ordering = chosen_ordering(ENROLMENT_ORDERINGS, request.GET)
    condition = filters.condition()
    with together():
        page = ask_page(ENROLMENTS, user, condition, ordering, request.GET)
        context = {
            "tabs": tabs(request.path),
            "filters": filters,
            "sort": ordering.name,
            "enrolments": later(lambda: page.rows),
            "enrol_url": reverse("catalogue"),
            "page": page,
            "count": later(lambda: ngettext("%s inscription", "%s inscriptions", page.total) % page.total_text),
        }
        return render(request, "enrolments/enrolment_list.html", context)


@require_safe
def filter_suggestions(request: HttpRequest) -> HttpResponse:
    """What the fields of the filter bars propose for what is being typed in one of them."""
    seen, typed = Enrolment.objects.visible_to(person(request)).order_by(), request.GET.get("session", "")
    suggest = suggested_sessions if typed else suggested_colleagues
    words = words_in(typed or request.GET.get("collaborateur", ""))
    return render(request, "enrolments/filter_suggestions.html", {"suggestions": suggest(seen, words) if words else []})


@require_safe
def participant_list(request: HttpRequest) -> HttpResponse:
    """The colleagues with an enrolment that the person may see."""
    user, filters = person(request), Filters(ParticipantFilters, request)
    ordering = chosen_ordering(PARTICIPANT_ORDERINGS, request.GET)
    condition = filters.condition()
    with together():
        page = ask_page(PARTICIPANTS, user, condition, ordering, request.GET, today=timezone.localdate())
        context = {
            "filters": filters,
            "sort": ordering.name,
            "participants": later(lambda: present_participants(page.rows)),
            "page": page,
            "count": later(lambda: ngettext("%s collaborateur", "%s collaborateurs", page.total) % page.total_text),
        }
        return render(request, "enrolments/participant_list.html", context)
