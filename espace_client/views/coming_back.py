"""Coming back to the search and the page of a list from which one went to change a line."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict
from django.urls import reverse

SEARCH = "retour"  # of an address: the search of the list, without its path
LONGEST = 1000


def back_to(request: HttpRequest, name: str) -> str:
    """The list `name` as it was left. The path is the list's own, whatever the request says: it leads nowhere else."""
    asked = QueryDict(request.GET.get(SEARCH, "")[:LONGEST])
    return reverse(name) + (f"?{asked.urlencode()}" if asked else "")
