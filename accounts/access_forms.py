"""The forms of the pages about accesses. Whatever they say, the services read the right again."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.addresses import Typed, read_addresses
from accounts.document_types import DocumentType
from accounts.invitations import Offer
from accounts.models import Access, Establishment, User
from accounts.presets import Preset, preset_of
from accounts.roles import Role

MOST_ADDRESSES = 100
LONGEST_DELEGATION = timedelta(days=3653)
ROLES = (
    (Role.STANDARD.value, gettext_lazy("Accès standard : tout l’historique, et les documents choisis ci-dessous")),
    (Role.ADMINISTRATOR.value, gettext_lazy("Administrateur : tout, et la gestion des accès")),
)


class LevelForm(forms.Form):
    """A level, the types that a standard access opens, and an end date."""

    role = forms.ChoiceField(
        label=gettext_lazy("Niveau"), choices=ROLES, widget=forms.RadioSelect, initial=Role.STANDARD.value
    )
    preset = forms.ChoiceField(
        label=gettext_lazy("Documents ouverts"),
        choices=Preset.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez ce que cette personne pourra ouvrir.")},
        help_text=gettext_lazy("Pour un accès standard ; un administrateur ouvre tout."),
    )
    types = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Types choisis"),
        coerce=DocumentType,
        choices=DocumentType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    ends_on = forms.DateField(
        label=gettext_lazy("Dernier jour"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy(
            "Pour une délégation temporaire : l’accès s’arrête de lui-même à la fin de ce jour. Vide : sans fin."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound and self.data.get(self.add_prefix("role")) == Role.ADMINISTRATOR:
            self.fields["preset"].required = False

    def clean_ends_on(self) -> datetime | None:
        """The instant at which the access stops: the end of that day, in Paris."""
        day = self.cleaned_data["ends_on"]
        if day is None:
            return None
        today = timezone.localdate()
        if day < today:
            raise ValidationError(_("Cette date est déjà passée."))
        if day > today + LONGEST_DELEGATION:
            raise ValidationError(_("Dix ans au plus. Laissez vide pour un accès sans fin."))
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))

    @property
    def chosen_types(self) -> frozenset[DocumentType]:
        """What a standard access would open; nothing for an administrator, who needs no tick."""
        if self.cleaned_data["role"] != Role.STANDARD:
            return frozenset()
        return Preset(self.cleaned_data["preset"]).types(frozenset(self.cleaned_data["types"]))


class InviteForm(LevelForm):
    """Whom to invite, where, and for what."""

    establishments: Any = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Établissements"),
        queryset=None,  # the ones that the reader administers
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choisissez au moins un établissement.")},
    )
    emails = forms.CharField(
        label=gettext_lazy("Adresses email"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false", "inputmode": "email"}),
        help_text=gettext_lazy("Une par ligne, cent au plus. Chacune reçoit son propre lien."),
        error_messages={"required": gettext_lazy("Écrivez au moins une adresse.")},
    )
    message = forms.CharField(
        label=gettext_lazy("Message"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Il sera joint à l’invitation."),
    )
    field_order = ["establishments", "emails", "role", "preset", "types", "ends_on", "message"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._mine = Establishment.objects.manageable_by(user).select_related("company")
        places: Any = self.fields["establishments"]
        places.queryset = self._mine
        if len(user.rights.administered) == 1:
            places.widget, places.initial = forms.MultipleHiddenInput(), list(user.rights.administered)

    def clean_emails(self) -> list[Typed]:
        typed = read_addresses(self.cleaned_data["emails"])
        if not typed:
            raise ValidationError(_("Écrivez au moins une adresse."))
        if len(typed) > MOST_ADDRESSES:
            values = {"most": MOST_ADDRESSES, "count": len(typed)}
            raise ValidationError(_("%(most)d adresses au plus à la fois : il y en a %(count)d.") % values)
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = cleaned.get("role") == Role.STANDARD and cleaned.get("preset") == Preset.CHOSEN
        if chosen and not cleaned.get("types") and "types" not in self.errors:
            self.add_error("types", _("Cochez au moins un type, ou choisissez « L’historique seulement »."))
        return cleaned

    def keep(self, text: str) -> None:
        """Leave only these addresses in the form, of which the page says what is wrong."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
        data["emails"] = text
        self.data = data

    @property
    def offer(self) -> Offer:
        cleaned = self.cleaned_data
        return Offer(Role(cleaned["role"]), self.chosen_types, cleaned["ends_on"], cleaned["message"].strip())


class AccessChangeForm(LevelForm):
    """What an access becomes; begins with what it is."""

    def __init__(self, data: QueryDict | None, *, access: Access, types: frozenset[DocumentType]) -> None:
        last = None if access.ends_at is None else timezone.localtime(access.ends_at - timedelta(seconds=1)).date()
        standard = access.role == Role.STANDARD
        initial = {
            "role": access.role,
            "preset": preset_of(types).value if standard else "",
            "types": sorted(types),
            "ends_on": None if access.ended else last,
        }
        super().__init__(data, initial=initial)

    def hide(self) -> None:
        """Carry what was said through the confirmation, without showing it."""
        for name, field in self.fields.items():
            field.widget = forms.MultipleHiddenInput() if name == "types" else forms.HiddenInput()
