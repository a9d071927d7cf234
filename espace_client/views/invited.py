"""The other end of an invitation: its link, what it offers, and taking it up.

Opening the link only remembers it in the session (programs that look into mails open links too), and takes its token
out of the address. Whoever opened it holds the mailbox: allauth is told so, and a new account with that address needs
no other proof. An account that exists already must be logged in, with that address verified.
"""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.accepting import Fate, accept, fate_of, has_account, invitation_of, offered_with
from accounts.adapter import INVITATION
from accounts.document_types import DocumentType
from accounts.invitations import hash_of
from accounts.models import Invitation
from accounts.presets import in_words
from accounts.requests import person
from accounts.roles import Role


@login_not_required
@never_cache
@require_safe
def invitation_open(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail: the same answer whatever it is, and on to the page that says what it is."""
    request.session[INVITATION] = hash_of(token)
    return redirect("invitation")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """What is offered, and the next step of whoever reads it; or why the link no longer works, and what to do."""
    token_hash = request.session.get(INVITATION)
    found = invitation_of(token_hash) if token_hash else None
    fate = fate_of(found)
    if found is None or fate != Fate.PENDING:
        return _dead(request, fate)
    if request.method == "POST":
        return _switch(request) if "changer" in request.POST else _accept(request, found)
    return _offer(request, found)


def _offer(request: HttpRequest, found: Invitation) -> HttpResponse:
    if request.user.is_authenticated:
        step = "accept" if person(request).rights.email == found.email else "switch"
    elif has_account(found.email):
        step = "login"
    else:
        step = "signup"
        get_adapter().stash_verified_email(request, found.email)
    offered = [(one, _what(one)) for one in offered_with(found)] if step == "accept" else [(found, _what(found))]
    return render(request, "invitation/offer.html", {"invitation": found, "step": step, "offered": offered})


def _what(one: Invitation) -> str:
    if one.role == Role.ADMINISTRATOR:
        return _("Administrateur : tout l’historique, tous les documents, et la gestion des accès")
    return _("Tout l’historique ; documents : %s") % in_words(frozenset(map(DocumentType, one.document_types)))


def _accept(request: HttpRequest, found: Invitation) -> HttpResponse:
    """Everything is read again inside the locks, so a page that was left open gives nothing that was taken back."""
    if not request.user.is_authenticated:
        return redirect("invitation")
    try:
        entered = accept(invitation=found, user=person(request))
    except PermissionDenied:  # not that address, or not verified: the page says which
        return redirect("invitation")
    if not entered:
        return redirect("invitation")
    del request.session[INVITATION]
    messages.success(request, _("Bienvenue : vous avez accès à %s.") % ", ".join(place.name for place in entered))
    return redirect("dashboard")


def _switch(request: HttpRequest) -> HttpResponse:
    """Log out and come back to the same invitation, to take it up with the invited address."""
    token_hash = request.session.get(INVITATION)
    logout(request)
    request.session[INVITATION] = token_hash
    return redirect("invitation")


def _dead(request: HttpRequest, fate: Fate) -> HttpResponse:
    """404 for what is no invitation, 410 for one that no longer works; in both, what to do next."""
    request.session.pop(INVITATION, None)
    status = 404 if fate == Fate.UNKNOWN else 410
    return render(request, "invitation/dead.html", {"fate": fate.value}, status=status)
