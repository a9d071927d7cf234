"""Forms of accords-cadres and their lines: what is wrong is said at the field; what an order used can only be ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.forms.models import BaseInlineFormSet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.amounts import AmountField
from accounts.days import take_meant_days
from accounts.models import Company, Establishment
from accounts.typography import short_date
from catalogue.models import AccordCadre, AccordCoverage, AccordLine, LineKind, LineScope
from enrolments.accord_lines import first_day_of_successor

HUNDRED = Decimal(100)
MOST_SEATS = 1_000_000
FAR = date.max
TWICE = _("Cet accord a déjà une ligne pour cette portée et ce seuil.")
NOBODY = _("Cet accord ne couvre aucun établissement : ajoutez-en un ici, ou cochez « Tous les établissements ».")
FIXED_WHEN_USED = ("scope", "course", "domain", "kind", "fixed_price", "discount_rate", "from_seats", "starts_on")


class AccordForm(forms.ModelForm[AccordCadre]):
    """An accord ends the day it begins, or later."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        take_meant_days(self)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", _("Un accord-cadre finit le jour où il commence, ou après."))
        return cleaned


class AccordLineForm(forms.ModelForm[AccordLine]):
    """A line names what its scope says, and has a price or a discount. One that gave a price can only be ended."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("course", "domain"):  # chosen here; made, changed and removed on their own pages
            widget: Any = self.fields[name].widget
            widget.can_add_related = widget.can_change_related = False
            widget.can_delete_related = widget.can_view_related = False
        if self.is_used:
            for name in FIXED_WHEN_USED:
                self.fields[name].disabled = True
        take_meant_days(self)

    @property
    def is_used(self) -> bool:
        return bool(getattr(self.instance, "is_used", False))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for field, message in self._problems(cleaned):
            self.add_error(field, message)
        return cleaned

    def _problems(self, cleaned: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        yield from _object_problems(cleaned)
        yield from _value_problems(cleaned)
        starts_on, ends_on, last = cleaned.get("starts_on"), cleaned.get("ends_on"), self._last_used_on()
        if starts_on and ends_on and ends_on < starts_on:
            yield "ends_on", _("Une ligne finit le jour où elle commence, ou après.")
        elif last is not None and ends_on and ends_on < last:
            yield "ends_on", _("Une commande a eu ce prix le %s : pas avant.") % short_date(last)
        if (cleaned.get("from_seats") or 0) > MOST_SEATS:
            yield "from_seats", _("Un million de places au plus.")

    def _last_used_on(self) -> date | None:
        found: date | None = getattr(self.instance, "last_used_on", None)
        return found


def _object_problems(cleaned: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the line is about: a course, a domain, a sub-domain, or nothing."""
    scope, course, domain = cleaned.get("scope"), cleaned.get("course"), cleaned.get("domain")
    if scope == LineScope.COURSE:
        if course is None and "course" in cleaned:
            yield "course", _("Quelle formation ?")
        if domain is not None:
            yield "domain", _("Une ligne pour une formation ne nomme pas de domaine.")
    elif scope is not None and course is not None:
        yield "course", _("Seule une ligne pour une formation en nomme une.")
    if scope in (LineScope.DOMAIN, LineScope.SUBDOMAIN):
        if domain is None and "domain" in cleaned:
            yield "domain", _("Quel domaine ?")
        elif domain is not None and scope == LineScope.DOMAIN and domain.parent_id is not None:
            yield "domain", _("C’est un sous-domaine.")
        elif domain is not None and scope == LineScope.SUBDOMAIN and domain.parent_id is None:
            yield "domain", _("C’est un domaine, non un sous-domaine.")
    elif scope == LineScope.EVERYTHING and domain is not None:
        yield "domain", _("Une ligne pour tout le catalogue ne nomme pas de domaine.")


def _value_problems(cleaned: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """A fixed price, for a course, or a discount from 0 to 100 percent; not both."""
    kind, price, rate = cleaned.get("kind"), cleaned.get("fixed_price"), cleaned.get("discount_rate")
    if price is not None and price < 0:
        yield "fixed_price", _("Un prix n’est pas négatif.")
    if rate is not None and not 0 <= rate <= HUNDRED:
        yield "discount_rate", _("Une remise va de 0 à 100 %.")
    if kind == LineKind.PRICE:
        if cleaned.get("scope") not in (LineScope.COURSE, None):
            yield "kind", _("Un prix fixe n’est possible que pour une formation.")
        if price is None and "fixed_price" in cleaned:
            yield "fixed_price", _("Quel prix ?")
        if rate is not None:
            yield "discount_rate", _("Une ligne à prix fixe n’a pas de remise.")
    elif kind == LineKind.DISCOUNT:
        if rate is None and "discount_rate" in cleaned:
            yield "discount_rate", _("Quelle remise ?")
        if price is not None:
            yield "fixed_price", _("Une ligne de remise n’a pas de prix fixe.")


class AccordLineFormSet(BaseInlineFormSet[AccordLine, AccordCadre, Any]):
    """One line per scope and threshold at a time. Django leaves the model's constraints unchecked among inline rows."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if getattr(form, "is_used", False) and "DELETE" in form.fields:
            form.fields["DELETE"].disabled = True

    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form.is_valid() and form.cleaned_data and not self._leaves(form)]
        for one, other in combinations(kept, 2):
            if _meet(one.instance, other.instance):
                other.add_error("scope", TWICE)
        self._compare_with_stored([form for form in kept if form.is_valid() and form.has_changed()])

    def _leaves(self, form: Any) -> bool:
        return bool(form.cleaned_data.get("DELETE"))

    def _compare_with_stored(self, changed: list[Any]) -> None:
        """Lines that the page did not have are there to stay; one further down is there until its turn to be saved."""
        stored = {line.pk: line for line in AccordLine.objects.filter(accord=self.instance.pk)}
        unknown = [line for pk, line in stored.items() if pk not in {form.instance.pk for form in self.forms}]
        for form in self.forms:
            stored.pop(form.instance.pk, None)
            below = [line for line in stored.values() if line not in unknown]
            if form in changed and (_meets_any(form.instance, unknown) or _clashes(form.instance, below)):
                form.add_error("scope", TWICE)


def _meets_any(line: AccordLine, others: Iterable[AccordLine]) -> bool:
    return any(_meet(line, other) for other in others)


def _meet(one: AccordLine, other: AccordLine) -> bool:
    return _same_thing(one, other) and _same_days(one, other)


def _clashes(line: AccordLine, others: Iterable[AccordLine]) -> bool:
    """Whether the database would refuse the line as long as one of the others is as it is."""
    return any(
        _same_thing(line, other) and (line.starts_on == other.starts_on or line.ends_on is other.ends_on is None)
        for other in others
    )


def _same_thing(one: AccordLine, other: AccordLine) -> bool:
    def key(line: AccordLine) -> tuple[Any, ...]:
        return line.scope, line.course_id, line.domain_id, line.from_seats

    return key(one) == key(other)


def _same_days(one: AccordLine, other: AccordLine) -> bool:
    first, last = (line.starts_on or date.min for line in (one, other)), (line.ends_on or FAR for line in (one, other))
    return max(first) <= min(last)


class AccordCoverageFormSet(BaseInlineFormSet[AccordCoverage, AccordCadre, Any]):
    """An accord covers establishments of its own company only, and at least one."""

    def clean(self) -> None:
        super().clean()
        listed = [form for form in self.forms if form.has_changed() or form.instance.pk]
        if not self.instance.covers_all and all(form.cleaned_data.get("DELETE") for form in listed):
            raise forms.ValidationError(NOBODY)
        for form in self.forms:
            establishment = form.cleaned_data.get("establishment") if form.is_valid() else None
            if establishment is not None and establishment.company_id != self.instance.company_id:
                form.add_error("establishment", _("Cet établissement est d’une autre entreprise que l’accord."))


class ReplacementForm(forms.Form):
    """What a line that was used becomes, and from which day."""

    kind = forms.ChoiceField(label=_("Type"), choices=LineKind.choices)
    value = AmountField(
        label=_("Valeur"),
        min_value=0,
        max_digits=10,
        decimal_places=2,
        help_text=_("Prix en euros HT, ou remise en pour cent."),
    )
    starts_on = forms.DateField(label=_("À partir du"), localize=True)

    def __init__(self, *args: Any, line: AccordLine, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.line = line
        earliest = first_day_of_successor(line, getattr(line, "last_used_on", None))
        self.fields["starts_on"].initial = earliest
        self.fields["starts_on"].help_text = _("Au plus tôt le %s.") % short_date(earliest)
        self.fields["kind"].initial = line.kind
        take_meant_days(self)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind, value = cleaned.get("kind"), cleaned.get("value")
        if kind == LineKind.PRICE and self.line.scope != LineScope.COURSE:
            self.add_error("kind", _("Un prix fixe n’est possible que pour une formation."))
        if kind == LineKind.DISCOUNT and value is not None and value > HUNDRED:
            self.add_error("value", _("Une remise va de 0 à 100 %."))
        return cleaned


class _Chooser(AutocompleteSelect):
    """Django's, which fails on an address that somebody mangled instead of leaving the field empty."""

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        return super().optgroups(name, [one for one in value if str(one).isdecimal() and len(str(one)) < 19], attrs)


class CheckerForm(forms.Form):
    """Whose prices are checked, on which day, among which courses, and as if how many seats had been ordered."""

    entreprise = forms.ModelChoiceField(Company.objects.all(), label=_("Entreprise"), required=False)
    etablissement = forms.ModelChoiceField(Establishment.objects.all(), label=_("Établissement"), required=False)
    date = forms.DateField(label=_("Date de commande"), required=False, localize=True)
    places = forms.IntegerField(
        label=_("Places déjà commandées"),
        required=False,
        min_value=0,
        max_value=MOST_SEATS,
        help_text=_("Vide : celles qui l’ont été."),
    )
    q = forms.CharField(label=_("Formation"), required=False, max_length=100)
    page = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        company, establishment = AccordCadre._meta.get_field("company"), AccordCoverage._meta.get_field("establishment")
        for name, field in (("entreprise", company), ("etablissement", establishment)):
            chooser = _Chooser(field, admin.site)
            chooser.choices = self.fields[name].choices  # type: ignore[attr-defined]  # a ModelChoiceField
            self.fields[name].widget = chooser
        take_meant_days(self)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        company, place = cleaned.get("entreprise"), cleaned.get("etablissement")
        if company is not None and place is not None and place.company_id != company.pk:
            self.add_error("etablissement", _("Cet établissement est d’une autre entreprise."))
        cleaned["date"] = cleaned.get("date") or timezone.localdate()
        return cleaned
