"""Orders: what waits for staff, and what they decide."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin.base import DecidedAdmin, QuestionFilter, ReadOnlyInline, TriedForm, count_of, staff
from accounts.emails import normalise_email
from accounts.models import Establishment, User
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState
from enrolments.services import attach_order

PARTICIPANT_OF_ANOTHER = _("Ce collaborateur n’est pas de l’entreprise de la commande.")


class EnrolmentOfOrderInline(ReadOnlyInline[Enrolment, Order]):
    model = Enrolment
    fields = ("participant", "session", "starts_on", "state", "public_price", "price", "accord")
    select_related = ("participant", "session", "accord")


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
        if "attach_to" in self.fields:
            self.fields["attach_to"].initial = Establishment.objects.filter(siret=self.instance.declared_siret).first()


@admin.register(Order)
class OrderAdmin(DecidedAdmin[Order]):
    """An order is cancelled, never deleted. It changes establishment only when it had none."""

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
    readonly_fields = ("ordered_by",)
    fixed_fields = ("number", "placed_on", "channel", "declared_siret", "establishment")
    inlines: ClassVar[Any] = (EnrolmentOfOrderInline,)
    actions = ["validate", "refuse"]

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
            (_("Facturation"), {"fields": ("purchase_order_number", "opco")}),
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
        self._settle(request, queryset, OrderState.VALIDATED)

    @admin.action(description=_("Refuser les commandes en attente"), permissions=["change"])
    def refuse(self, request: HttpRequest, queryset: models.QuerySet[Order]) -> None:
        self._settle(request, queryset, OrderState.REFUSED)

    def _settle(self, request: HttpRequest, queryset: models.QuerySet[Order], state: OrderState) -> None:
        """Give `state` to the chosen orders that wait for staff, and to no other."""
        with transaction.atomic():
            waiting = Order.objects.select_for_update().filter(
                pk__in=list(queryset.values_list("pk", flat=True)), state=OrderState.PENDING
            )
            orders = list(waiting.order_by("pk"))
            for order in orders:
                order.state = state
                order.decide(["state"])
                order.save(update_fields=["state", "decided_in_portal"])
                self.log_change(request, order, [{"changed": {"fields": ["state"]}}])
        text = ngettext("%(count)d commande : %(state)s.", "%(count)d commandes : %(state)s.", len(orders))
        self.message_user(request, text % {"count": len(orders), "state": state.label}, messages.SUCCESS)
