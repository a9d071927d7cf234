"""The form of an access, with its nine checkboxes."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType
from accounts.models import Access, EstablishmentGrant, User
from accounts.services import OwnAdministratorRightError, lowers_own_right
from accounts.staff_acts import leaves_none


class AccessForm(forms.ModelForm[Access]):
    """What is ticked counts for a standard access. `actor` is the member of the team who fills the form in."""

    actor: ClassVar[User]

    document_types = forms.TypedMultipleChoiceField(
        label=_("Types de document ouverts"),
        coerce=DocumentType,
        choices=DocumentType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Pour un accès standard. Un administrateur ouvre tous les types."),
    )

    reason = forms.CharField(
        label=_("Motif"),
        required=False,
        min_length=10,
        max_length=300,
        help_text=_("Exigé pour retirer son dernier administrateur permanent à un établissement ; gardé au journal."),
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )

    class Meta:
        model = Access
        fields = ["user", "establishment", "role", "ends_at"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "document_types" in self.fields:
            self.fields["document_types"].initial = self._ticked()

    def _ticked(self) -> list[DocumentType]:
        rows = EstablishmentGrant.objects.filter(
            user=self.instance.user_id, content_object=self.instance.establishment_id
        )
        codenames = set(rows.values_list("permission__codename", flat=True))
        return [document_type for document_type in DocumentType if document_type.codename in codenames]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        held = Access.objects.filter(pk=self.instance.pk).first()
        if held and "role" in cleaned and "ends_at" in cleaned:
            role, ends_at = cleaned["role"], cleaned["ends_at"]
            if lowers_own_right(held=held, role=role, ends_at=ends_at, actor=self.actor):
                raise forms.ValidationError(str(OwnAdministratorRightError()))
            if not cleaned.get("reason") and leaves_none(held, role=role, ends_at=ends_at):
                self.add_error(
                    "reason", _("Cet établissement n’aurait plus d’administrateur permanent : dites pourquoi.")
                )
        return cleaned
