"""Orders: what waits for staff, and what they decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DecidedAdmin, QuestionFilter, ReadOnlyInline, TriedForm, count_of, staff
from accounts.emails import normalise_email
from accounts.models import Establishment, User
from enrolments.models import Enrolment, EnrolmentState, Order, OrderEvent
from enrolments.services import attach_order
from enrolments.validating import Outcome, cancel_many, settle_many

from .queue import ReasonForm, cancelled, queue_view, refused, report, validated

PARTICIPANT_OF_ANOTHER = _("Ce collaborateur n’est pas de l’entreprise de la commande.")


class EnrolmentOfOrderInline(ReadOnlyInline[Enrolment, Order]):
    model = Enrolment
    fields = ("participant", "session", "starts_on", "state", "public_price", "price", "accord")
    select_related = ("participant", "session", "accord")


class EventOfOrderInline(ReadOnlyInline[OrderEvent, Order]):
    model = OrderEvent
    fields = ("at", "kind", "by", "word")
    select_related = ("by",)
    show_change_link = False


class AttachmentFilter(QuestionFilter):
    title = _("établissement")
    parameter_name = "rattachement"
    answers = {
        "sans": (_("À rattacher"), lambda: Q(establishment__isnull=True)),
        "avec": (_("Rattachée"), lambda: Q(establishment__isnull=False)),
    }


def _known_email() -> Q:
    return Q(Exists(User.objects.filter(email=OuterRef("order_email"))))


class AccountFilter(QuestionFilter):
    title = _("compte du responsable")
    parameter_name = "compte"
    answers = {
        "sans": (_("Adresse sans compte"), lambda: ~_known_email()),
        "avec": (_("Adresse d’un compte"), _known_email),
    }


def _to_attach(order: Order | None) -> bool:
    return order is not None and order.establishment_id is None


class OrderForm(TriedForm[Order]):
    """The order's email takes its one normal form: it decides who sees the order (rule 1)."""

    refusals = {
        "enrolment_participant_of_its_company": (None, PARTICIPANT_OF_ANOTHER),
        "enrolment_accord_of_its_company": (None, _("Une inscription a le prix d’un accord d’une autre entreprise.")),
    }

    def clean_order_email(self) -> str:
        return normalise_email(self.cleaned_data["order_email"])


class AttachOrderForm(OrderForm):
    """For an order without establishment: it can be attached, first of all to the one whose SIRET was declared."""

    attach_to = forms.ModelChoiceField(
        label=_("Rattacher à"),
        queryset=Establishment.objects.all(),
        required=False,
        widget=AutocompleteSelect(Order._meta.get_field("establishment"), admin.site),
        help_text=_("Ses inscriptions et ses documents s’ouvrent aux accès de l’établissement, pour de bon."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["attach_to"].initial = Establishment.objects.filter(siret=self.instance.declared_siret).first()


@admin.register(Order)
class OrderAdmin(DecidedAdmin[Order]):
    """An order is cancelled, never deleted. Its establishment is set only when it had none, its state by actions."""

    form = OrderForm
    list_display = ("number", "placed_on", "order_email", "establishment", "company", "state", "seats", "channel")
    list_select_related = ("establishment__company",)
    list_filter = ("state", AttachmentFilter, AccountFilter, "channel")
    search_fields = (
        "number",
        "order_email",
        "purchase_order_number",
        "declared_siret",
        "establishment__name__unaccent",
        "establishment__siret",
        "establishment__company__name__unaccent",
    )
    date_hierarchy = "placed_on"
    autocomplete_fields = ("establishment",)
    readonly_fields = ("ordered_by", "comment")
    fixed_fields = ("number", "placed_on", "channel", "declared_siret", "establishment", "state")
    inlines: ClassVar[Any] = (EnrolmentOfOrderInline, EventOfOrderInline)
    actions = ["validate", "refuse", "cancel"]
    change_list_template = "admin/enrolments/order/change_list.html"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Order]:
        seats = Enrolment.objects.exclude(state=EnrolmentState.CANCELLED)
        return super().get_queryset(request).annotate(seats=count_of(seats, "order"))

    def get_readonly_fields(self, request: HttpRequest, obj: Order | None = None) -> tuple[str, ...]:
        """The people of an order that nobody attached yet are known by its email, which therefore waits too."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "order_email") if _to_attach(obj) else fields

    def get_form(self, request: HttpRequest, obj: Order | None = None, change: bool = False, **kwargs: Any) -> Any:
        if _to_attach(obj):
            kwargs = {"form": AttachOrderForm, **kwargs}
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Order | None = None) -> Any:
        company = ("declared_siret", "attach_to" if _to_attach(obj) else "establishment")
        return [
            (None, {"fields": ("number", ("placed_on", "channel"), "state")}),
            (_("Responsable"), {"fields": ("order_email", "ordered_by")}),
            (_("Entreprise"), {"fields": company}),
            (_("Facturation"), {"fields": ("purchase_order_number", "opco", "comment")}),
            (_("Import de l’ERP"), {"fields": ("decided_in_portal",)}),
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Order, form: Any, change: bool) -> None:
        if not change:
            obj.ordered_by = staff(request)
        super().save_model(request, obj, form, change)
        if establishment := form.cleaned_data.get("attach_to"):
            attach_order(order=obj, establishment=establishment)

    @admin.display(description=_("entreprise"), ordering="establishment__company__name")
    def company(self, order: Order) -> str:
        return str(order.establishment.company) if order.establishment else ""

    @admin.display(description=_("places"), ordering="seats")
    def seats(self, order: Order) -> int:
        return int(getattr(order, "seats", 0))

    @admin.action(description=_("Valider les commandes en attente"), permissions=["change"])
    def validate(self, request: HttpRequest, queryset: models.QuerySet[Order]) -> None:
        """Those that wait for staff and can be validated; of each other one it is said why not."""
        report(request, settle_many(orders=list(queryset), actor=staff(request)), validated)

    @admin.action(description=_("Refuser les commandes en attente…"), permissions=["change"])
    def refuse(self, request: HttpRequest, queryset: models.QuerySet[Order]) -> HttpResponse | None:
        """For a reason that is asked first."""
        return self._with_reason(request, queryset, "refuse", settle_many, refused)

    @admin.action(description=_("Annuler les commandes validées…"), permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: models.QuerySet[Order]) -> HttpResponse | None:
        """For a reason that is asked first; the seats are free again."""
        return self._with_reason(request, queryset, "cancel", cancel_many, cancelled)

    def _with_reason(
        self,
        request: HttpRequest,
        queryset: models.QuerySet[Order],
        action: str,
        settle: Callable[..., Outcome],
        words: Callable[[int], str],
    ) -> HttpResponse | None:
        orders = list(queryset.order_by("pk"))
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            report(request, settle(orders=orders, actor=staff(request), reason=form.cleaned_data["reason"]), words)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Motif"),
            "opts": self.opts,
            "orders": orders,
            "action": action,
            "form": form,
        }
        return render(request, "admin/enrolments/order/reason.html", context)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.queue)
        return [path("a-valider/", view, name="enrolments_order_queue"), *super().get_urls()]

    def queue(self, request: HttpRequest) -> HttpResponse:
        """What waits, with what is needed to decide."""
        return queue_view(request, self)
