"""Terms, the journal of changes, waiting lists, proposals, merges and requests of erasure, as staff see them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import PortalAdmin, QuestionFilter, ReadOnlyAdmin, staff
from enrolments.erasure import erase, kept_because, refuse, to_do_first
from enrolments.models import (
    CancellationBand,
    CancellationTerms,
    EnrolmentEvent,
    ErasureRequest,
    ErasureState,
    ParticipantMerge,
    SessionProposal,
    WaitingEntry,
)


class BandFormSet(BaseInlineFormSet[CancellationBand, CancellationTerms, Any]):
    """The nearer the session, the more it costs: a band that says otherwise is a mistake."""

    def clean(self) -> None:
        super().clean()
        rows = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data.get("under_days")]
        kept = sorted((row for row in rows if not row.get("DELETE")), key=lambda row: row["under_days"])
        for nearer, farther in pairwise(kept):
            for name in ("cancel_rate", "move_rate"):
                if nearer[name] < farther[name]:
                    raise ValidationError(_("Plus on est près du début, plus le taux doit être élevé."))


class BandInline(admin.TabularInline[CancellationBand, CancellationTerms]):
    model = CancellationBand
    formset = BandFormSet
    extra = 0


@admin.register(CancellationTerms)
class CancellationTermsAdmin(PortalAdmin[CancellationTerms]):
    """Terms that began are read only: orders agreed to them. New ones begin on another day."""

    list_display = ("in_force_from", "day_count", "free_substitution_days", "substitution_rate")
    fields = ("in_force_from", "day_count", ("free_substitution_days", "substitution_rate"))
    inlines = (BandInline,)

    def has_change_permission(self, request: HttpRequest, obj: CancellationTerms | None = None) -> bool:
        began = obj is not None and obj.in_force_from <= timezone.localdate()
        return super().has_change_permission(request, obj) and not began

    def has_delete_permission(self, request: HttpRequest, obj: CancellationTerms | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self.has_change_permission(request, obj)


@admin.register(EnrolmentEvent)
class EnrolmentEventAdmin(ReadOnlyAdmin[EnrolmentEvent]):
    """What happened to enrolments, and the fees that are due for it."""

    list_display = ("at", "kind", "enrolment", "actor_email", "fee", "reason")
    list_select_related = ("enrolment",)
    list_filter = ("kind", ("at", admin.DateFieldListFilter))
    search_fields = ("enrolment__number", "enrolment__order__number", "actor_email")
    ordering = ("-pk",)


@admin.register(WaitingEntry)
class WaitingEntryAdmin(ReadOnlyAdmin[WaitingEntry]):
    """Who waits for which session. Lists move by themselves."""

    list_display = ("session", "participant", "establishment", "order_email", "state", "joined_at", "held_until")
    list_select_related = ("session", "participant", "establishment")
    list_filter = ("state", ("joined_at", admin.DateFieldListFilter))
    search_fields = ("session__code", "order_email", "participant__last_name__unaccent")
    ordering = ("-pk",)


class AnsweredFilter(QuestionFilter):
    title = _("réponse")
    parameter_name = "reponse"
    answers = {
        "attendue": (_("Attendue"), lambda: Q(answered_at__isnull=True)),
        "recue": (_("Reçue"), lambda: Q(answered_at__isnull=False)),
    }


@admin.register(SessionProposal)
class SessionProposalAdmin(ReadOnlyAdmin[SessionProposal]):
    """What was proposed when a session was cancelled or moved, and who has not answered."""

    list_display = ("created_at", "kind", "session", "order", "answered_at")
    list_select_related = ("session", "order")
    list_filter = (AnsweredFilter, "kind")
    search_fields = ("session__code", "order__number", "order__order_email")
    ordering = ("-pk",)


@admin.register(ParticipantMerge)
class ParticipantMergeAdmin(ReadOnlyAdmin[ParticipantMerge]):
    """Who was merged with whom, by whom; the clients merge and undo."""

    list_display = ("at", "kept", "merged", "by", "undone_at")
    list_select_related = ("kept", "merged", "by")
    search_fields = ("kept__last_name__unaccent", "merged__last_name__unaccent")
    ordering = ("-pk",)


class AnswerForm(forms.Form):
    reponse = forms.CharField(label=_("Réponse au demandeur"), widget=forms.Textarea, max_length=2000, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "refuser" in self.data and not cleaned.get("reponse"):
            self.add_error("reponse", _("Dites pourquoi la demande est refusée."))
        return cleaned


@admin.register(ErasureRequest)
class ErasureRequestAdmin(ReadOnlyAdmin[ErasureRequest]):
    """Requests of erasure, to be answered within a month (RGPD, articles 12 and 17)."""

    change_form_template = "admin/enrolments/erasurerequest/change_form.html"
    list_display = ("requested_at", "participant", "requested_by", "state", "handled_at")
    list_select_related = ("participant", "requested_by")
    list_filter = ("state",)
    search_fields = ("participant__last_name__unaccent", "participant__email")
    ordering = ("-pk",)
    fields = (
        "participant",
        ("requested_by", "requested_at"),
        "reason",
        "state",
        "answer",
        ("handled_by", "handled_at"),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.answer_view)
        return [path("<int:pk>/repondre/", view, name="enrolments_erasurerequest_answer"), *super().get_urls()]

    def answer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What would be erased, what the law keeps, and the two answers."""
        asked = get_object_or_404(ErasureRequest.objects.select_related("participant"), pk=pk)
        form = AnswerForm(request.POST if request.method == "POST" else None)
        if asked.state != ErasureState.OPEN:
            messages.error(request, _("Cette demande a déjà sa réponse."))
            return redirect("admin:enrolments_erasurerequest_change", pk)
        if form.is_valid():
            act = refuse if "refuser" in request.POST else erase
            act(request=asked, actor=staff(request), answer=form.cleaned_data["reponse"])
            self.log_change(request, asked, str(asked.get_state_display()))
            messages.success(request, _("La demande a sa réponse."))
            return redirect("admin:enrolments_erasurerequest_change", pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Répondre à une demande d’effacement"),
            "opts": ErasureRequest._meta,
            "asked": asked,
            "form": form,
            "kept": kept_because(asked.participant) + to_do_first(asked.participant),
        }
        return render(request, "admin/enrolments/erasurerequest/answer.html", context)
