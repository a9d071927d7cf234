"""The board of missing papers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import person
from documents.board.folders import Owes
from documents.board.papers import board_of

OWED_BY_ME = "vous"


@require_safe
def missing_papers(request: HttpRequest) -> HttpResponse:
    """Per order: what is missing, who owes it, what it blocks; `?par=vous` for what the reader owes."""
    board = board_of(person(request))
    folders = board.folders
    mine = [folder for folder in folders if any(one.owes == Owes.CLIENT for one in folder.missing)]
    only_mine = request.GET.get("par") == OWED_BY_ME
    context = {
        "board": board,
        "folders": mine if only_mine else folders,
        "only_mine": only_mine,
        "all_count": len(folders),
        "mine_count": len(mine),
    }
    return render(request, "documents/missing.html", context)
