"""The forms of an order: who takes part, on which terms, and what is decided about it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.amounts import AmountField
from accounts.emails import normalise_email
from accounts.models import Establishment, User
from accounts.siren import clean_siret
from enrolments.drafts import MOST_SEATS, own_establishments
from enrolments.models import ApprovalPolicy, OrderDraft, Participant
from enrolments.rosters import MOST_BYTES, BadLine, Named, Roster, checked, decoded, read_roster

OTHER = "autre"


class EstablishmentForm(forms.Form):
    """For which establishment the order is: one of one's own, or the SIRET of another, which staff will recognise.

    `chosen` gives the establishment, or None and the SIRET.
    """

    establishment = forms.ChoiceField(label=_("Pour quel établissement ?"), required=False)
    siret = forms.CharField(
        label=_("SIRET de l’établissement"),
        required=False,
        max_length=40,
        help_text=_("Quatorze chiffres. Notre équipe le rattachera à votre commande en la validant."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = {str(one.pk): one for one in own_establishments(user.rights).order_by("name", "pk")}
        if self.own:
            choices = [(key, _with_city(one)) for key, one in self.own.items()]
            self.fields["establishment"].choices = [*choices, (OTHER, _("Un autre (indiquer son SIRET)"))]  # type: ignore[attr-defined]
            self.fields["establishment"].required = True
        else:
            del self.fields["establishment"]

    def clean_siret(self) -> str:
        typed: str = self.cleaned_data["siret"]
        return clean_siret(typed) if typed.strip() and self._is_other() else ""

    def _is_other(self) -> bool:
        return not self.own or self.data.get(self.add_prefix("establishment")) == OTHER

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self._is_other() and not cleaned.get("siret") and "siret" not in self.errors:
            self.add_error("siret", _("Indiquez le SIRET de l’établissement qui commande."))
        return cleaned

    @property
    def chosen(self) -> tuple[Establishment | None, str]:
        """The establishment, or None and the SIRET; a SIRET that is one of one's own names that one."""
        siret: str = self.cleaned_data.get("siret", "")
        found = self.own.get(self.cleaned_data.get("establishment", ""))
        if siret:
            found = next((one for one in self.own.values() if one.siret == siret), None)
        return found, "" if found else siret


def _with_city(establishment: Establishment) -> str:
    return f"{establishment.name} · {establishment.city}" if establishment.city else establishment.name


class ParticipantsForm(EstablishmentForm):
    """Who takes part. Nothing is required: each way of naming people adds to what the draft has already.

    After `is_valid`, whatever it says, `named` are the people typed, pasted and sent that can be kept, `bad_lines` the
    lines that can't.
    """

    known: forms.ModelMultipleChoiceField[Participant] = forms.ModelMultipleChoiceField(queryset=None, required=False)
    last_name = forms.CharField(label=_("Nom"), required=False, max_length=100)
    first_name = forms.CharField(label=_("Prénom"), required=False, max_length=100)
    email = forms.CharField(
        label=_("Adresse email"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=_("Pour sa convocation ; elle peut être donnée plus tard."),
    )
    pasted = forms.CharField(
        label=_("Liste copiée d’un tableur"),
        required=False,
        max_length=MOST_BYTES // 4,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
        help_text=_("Une personne par ligne : nom, prénom, adresse email."),
    )
    roster = forms.FileField(
        label=_("Fichier CSV"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
        help_text=_("Colonnes nom, prénom et email ; 5 000 lignes au plus."),
    )
    unnamed_seats = forms.IntegerField(
        label=_("Places à désigner"),
        required=False,
        min_value=0,
        max_value=MOST_SEATS,
        help_text=_("Une place retenue maintenant, le nom donné plus tard."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(self, user: User, colleagues: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.fields["known"].queryset = colleagues  # type: ignore[attr-defined]
        self.named: list[Named] = []
        self.bad_lines: list[BadLine] = []

    def clean_pasted(self) -> str:
        text: str = self.cleaned_data["pasted"]
        self._take(read_roster(text))
        return text

    def clean_roster(self) -> UploadedFile[Any] | None:
        sent: UploadedFile[Any] | None = self.cleaned_data["roster"]
        if sent is not None:
            if (sent.size or 0) > MOST_BYTES:
                raise ValidationError(_("Ce fichier dépasse 2 Mo : envoyez une liste de noms seulement."))
            roster = read_roster(decoded(sent.read()))
            if not roster.people and not roster.bad_lines:
                raise ValidationError(_("Ce fichier est vide."))
            self._take(roster)
        return sent

    def _take(self, roster: Roster) -> None:
        self.named += roster.people
        self.bad_lines += roster.bad_lines

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        typed = [cleaned.get(name, "") for name in ("last_name", "first_name", "email")]
        if any(typed):
            try:
                self.named.append(checked(*typed))
            except ValidationError as error:
                self.add_error("email" if typed[0] and typed[1] else "last_name", error)
        return cleaned


class TermsForm(forms.ModelForm[OrderDraft]):
    """The order number or the OPCO, the address that the order is attached to, a word for staff."""

    order_email = forms.CharField(
        label=_("Adresse email de la commande"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("C’est elle qui donne accès à la commande et à ses documents : la vôtre, sauf exception."),
    )

    class Meta:
        model = OrderDraft
        fields = ("purchase_order_number", "opco", "order_email", "comment")
        labels = {"purchase_order_number": _("N° de bon de commande"), "opco": _("OPCO qui prend en charge")}
        help_texts = {
            "purchase_order_number": _("Il figurera sur la facture."),
            "opco": _("À laisser vide si votre entreprise paie elle-même."),
        }
        widgets = {"comment": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, word_wanted: bool = False, **kwargs: Any) -> None:
        """`word_wanted`: somebody is enrolled already, so the person has to say that they mean it."""
        super().__init__(*args, **kwargs)
        self.fields["comment"].required = word_wanted
        if word_wanted:
            self.fields["comment"].label = _("Pourquoi cette inscription malgré les doublons signalés ?")
            self.fields["comment"].error_messages["required"] = _("Dites-le en un mot : notre équipe le lira.")

    def clean_order_email(self) -> str:
        return normalise_email(self.cleaned_data["order_email"])


class TotalForm(forms.Form):
    """What the summary showed, EUR HT, so that nobody confirms another price than the one they read."""

    total = forms.DecimalField(max_digits=14, decimal_places=2, widget=forms.HiddenInput)


class DecisionForm(forms.Form):
    """A word on an order: free when it is approved, required when it is declined."""

    word = forms.CharField(
        label=_("Un mot au responsable"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Demandé si vous déclinez ; il lui sera envoyé."),
    )
    decision = forms.ChoiceField(choices=[("approve", ""), ("decline", "")], widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") == "decline" and not cleaned.get("word"):
            self.add_error("word", _("Dites pourquoi vous déclinez : le responsable lira ce mot."))
        return cleaned


class ApprovalPolicyForm(forms.ModelForm[ApprovalPolicy]):
    """Internal approval of one establishment; `candidates` may stand in."""

    threshold = AmountField(
        label=_("Montant HT à partir duquel il le faut"),
        min_value=0,
        max_digits=10,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=_("En dessous, aucune approbation n’est demandée. 0 : toutes les commandes l’attendent."),
    )

    class Meta:
        model = ApprovalPolicy
        fields = ("active", "threshold", "stand_in", "stand_in_from", "stand_in_until")
        labels = {"stand_in_from": _("Remplacement : premier jour"), "stand_in_until": _("Remplacement : dernier jour")}
        help_texts = {
            "stand_in": _("Approuve à votre place pendant votre absence, sauf ses propres commandes."),
        }
        widgets = {
            "stand_in_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "stand_in_until": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, candidates: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stand_in"].queryset = candidates  # type: ignore[attr-defined]
        self.fields["stand_in"].empty_label = _("Personne")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        begins, ends = cleaned.get("stand_in_from"), cleaned.get("stand_in_until")
        if not cleaned.get("stand_in"):
            cleaned["stand_in_from"] = cleaned["stand_in_until"] = None
        elif "stand_in_from" not in self.errors and "stand_in_until" not in self.errors:
            if begins is None or ends is None:
                self.add_error("stand_in_from", _("Donnez le premier et le dernier jour du remplacement."))
            elif ends < begins:
                self.add_error("stand_in_until", _("Le dernier jour vient avant le premier."))
            elif ends < timezone.localdate():
                self.add_error("stand_in_until", _("Ce remplacement est déjà fini."))
        return cleaned
