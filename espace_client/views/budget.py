"""The budget page: a year, committed and invoiced, as a chart and as tables."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import person
from espace_client.budget import budget_of
from espace_client.formatting import MONTHS, MONTHS_SHORT, money

YEARS_BACK = 10


@require_safe
def budget(request: HttpRequest) -> HttpResponse:
    """One year of what the person may see; 404 for whoever may see no amount at all."""
    user, this_year = person(request), timezone.localdate().year
    if not user.rights.priced_establishments and user.rights.email is None:
        raise Http404
    asked = request.GET.get("annee", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else this_year
    year = min(max(year, this_year - YEARS_BACK), this_year + 1)
    found = budget_of(user, year)
    total, now, before = found.total(), found.months(year), found.months(year - 1)
    for line in now:
        line.label = MONTHS[int(line.label) - 1].capitalize()
    context = {
        "year": year,
        "years": range(this_year + 1, this_year - YEARS_BACK, -1),
        "figures": [
            (_("Engagé"), money(total.committed, 0), _("HT")),
            (_("En attente de validation"), money(total.awaited, 0), _("HT")),
            (_("Facturé"), money(total.invoiced, 0), _("HT")),
        ],
        "spend": [
            (MONTHS_SHORT[rank], one.committed or None, other.committed or None)
            for rank, (one, other) in enumerate(zip(now, before, strict=True))
        ],
        "tables": [
            (
                _("Par établissement"),
                _("Établissement"),
                found.lines(lambda one: one.establishment or _("À rattacher")),
            ),
            (_("Par domaine"), _("Domaine"), found.lines(lambda one: one.domain or _("Autre"))),
            (_("Par mois"), _("Mois"), now),
        ],
        "total": total,
        "empty": not found.entries,
    }
    return render(request, "budget.html", context)
