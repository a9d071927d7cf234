"""What the team does for a person, with a reason: see what they see, take a lost second factor away."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.staff_acts import reset_second_factor
from accounts.visits import begin_visit, may_visit

from .acts import ask_reason
from .base import DecidedAdmin, staff


class PeopleActs(DecidedAdmin[User]):
    """The two acts, as pages of a person."""

    def get_urls(self) -> list[URLPattern]:
        visit, reset = (self.admin_site.admin_view(view) for view in (self.visit, self.reset_factor))
        return [
            path("<path:object_id>/voir/", visit, name="accounts_user_visit"),
            path("<path:object_id>/double-authentification/", reset, name="accounts_user_reset_factor"),
            *super().get_urls(),
        ]

    def visit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """See what this person sees: read-only, and told in the journal (accounts.visits)."""
        user, visitor = get_object_or_404(self.get_queryset(request), pk=unquote(object_id)), staff(request)
        if not may_visit(visitor, user):
            raise PermissionDenied

        def act(reason: str) -> HttpResponse:
            begin_visit(request, visitor=visitor, user=user, reason=reason)
            return redirect("dashboard")

        return ask_reason(
            request,
            title=_("Voir l’espace de %s") % user,
            sentences=[
                _("Vous verrez chaque page comme cette personne la voit, pendant trente minutes au plus."),
                _("Rien ne se change ni ne se télécharge. La visite est au journal ; la personne peut le lire."),
            ],
            submit=_("Commencer la visite"),
            back=reverse("admin:accounts_user_change", args=[user.pk]),
            act=act,
        )

    def reset_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """For someone who lost their telephone or key."""
        user = get_object_or_404(self.get_queryset(request), pk=unquote(object_id))
        if not self.has_change_permission(request, user) or user == request.user:
            raise PermissionDenied

        def act(reason: str) -> HttpResponse:
            reset_second_factor(user=user, actor=staff(request), reason=reason)
            self.message_user(
                request, _("%s se connecte désormais par son seul mot de passe.") % user, messages.SUCCESS
            )
            return redirect("admin:accounts_user_change", user.pk)

        return ask_reason(
            request,
            title=_("Réinitialiser la double authentification de %s") % user,
            sentences=[
                _("Application, clés et codes de secours sont retirés ; la personne est déconnectée partout."),
                _("Vérifiez que c’est elle qui le demande : son mot de passe suffira. Un message la prévient."),
            ],
            submit=_("Réinitialiser"),
            back=reverse("admin:accounts_user_change", args=[user.pk]),
            act=act,
        )
