"""The checker: for an establishment and a day, the price of every course and the line that gave it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.models import Establishment
from catalogue.models import AccordCadre, Course
from catalogue.prices import Tariff, lines_in_force, subjects_of
from catalogue.pricing import Line, Price
from enrolments.accord_seats import seats_ordered

from .accord_forms import CheckerForm

PER_PAGE = 100
MOST_PLACES = 200


@dataclass(frozen=True)
class CheckedPrice:
    """The price of a course, the lines about it that lost: not as precise, or not as low; and those not reached yet."""

    course: Course
    price: Price
    losers: tuple[Line, ...]
    waiting: tuple[Line, ...]


def accord_checker(request: HttpRequest) -> HttpResponse:
    """What each course costs an establishment on a day, and why; its address can be shared."""
    if not request.user.has_perm("catalogue.view_accordcadre"):
        raise PermissionDenied
    form = CheckerForm(request.GET)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Vérifier les prix"),
        "form": form if form.is_bound else CheckerForm(),
    }
    if form.is_valid():
        context |= _answer(form.cleaned_data, request)
    return render(request, "admin/catalogue/accordcadre/check.html", context)


def _answer(asked: Mapping[str, Any], request: HttpRequest) -> dict[str, Any]:
    company, place = asked["entreprise"], asked["etablissement"]
    if place is None:
        places = list(Establishment.objects.filter(company=company)[: MOST_PLACES + 1]) if company else []
        if len(places) != 1:
            return {"places": places, "query": _without(request, "etablissement", "page")}
        place = places[0]
    accords = AccordCadre.objects.covering(place).in_force(asked["date"]).order_by("starts_on", "pk")
    tariff = _tariff(place, asked, accords)
    page = Paginator(_courses(asked["q"]), PER_PAGE).get_page(asked["page"] or 1)
    return {
        "place": place,
        "on": asked["date"],
        "accords": [(accord, tariff.seats.get(accord.pk, 0)) for accord in accords],
        "page": page,
        "rows": list(_checked(list(page), tariff)),
        "query": _without(request, "page"),
    }


def _tariff(place: Establishment, asked: Mapping[str, Any], accords: QuerySet[AccordCadre]) -> Tariff:
    if asked["places"] is None:
        seats = seats_ordered([accord.pk for accord in accords], asked["date"])
    else:
        seats = {accord.pk: asked["places"] for accord in accords}
    return Tariff(lines_in_force(place, asked["date"]), seats)


def _courses(text: str) -> QuerySet[Course]:
    courses = Course.objects.select_related("domain__parent").order_by("title", "pk")
    if not text:
        return courses
    return courses.filter(
        Q(title__unaccent__icontains=text)
        | Q(reference__icontains=text)
        | Q(domain__label__unaccent__icontains=text)
        | Q(domain__parent__label__unaccent__icontains=text)
    )


def _checked(courses: list[Course], tariff: Tariff) -> Iterator[CheckedPrice]:
    for course, subject in zip(courses, subjects_of(courses), strict=True):
        price = tariff.price_of(subject)
        others = sorted(tariff.lines_about(subject), key=lambda line: (line.rank, line.id))
        reached = [line for line in others if tariff.seats.get(line.accord_id, 0) >= line.from_seats]
        losers = tuple(line for line in reached if line != price.line)
        yield CheckedPrice(course, price, losers, tuple(line for line in others if line not in reached))


def _without(request: HttpRequest, *names: str) -> str:
    """The query string of this page but for these parameters."""
    params = request.GET.copy()
    for name in names:
        params.pop(name, None)
    return params.urlencode()
