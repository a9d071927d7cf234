"""The form by which staff file a document: a file looked at as those of clients are, and what it is about."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import TriedForm
from accounts.document_types import ENROLMENT_TYPES, PRICED_TYPES, DocumentType
from documents.deposits.examining import Examined
from documents.deposits.forms import examined, not_kept
from documents.models import Document
from documents.store import UnwritableStoreError, keep_aside, name_for, store

SUBJECT = ("order", "enrolment", "session", "establishment")


class DocumentForm(TriedForm[Document]):
    """What the document is about is completed: the enrolment names its order and its session, and a document that
    replaces another is about what that one was about.

    `examined` is what was found of the file, once the form is valid.
    """

    upload = forms.FileField(
        label=_("Fichier"),
        help_text=_("PDF, ou photo JPEG ou PNG d’une page ; 20 Mo au plus. Sans mot de passe."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
    )
    examined: Examined

    refusals = {
        "document_agrees_with_its_subject": (
            None,
            _("La commande, l’inscription, la session et l’établissement ne vont pas ensemble."),
        ),
        "document_replaces_its_like": (
            "replaces",
            _("Un document remplace un document du même type, sur le même sujet."),
        ),
    }

    class Meta:
        model = Document
        fields = ["type", "number", "issued_on", *SUBJECT, "amount", "replaces"]
        help_texts = {"replaces": _("Le sujet laissé vide est repris du document remplacé.")}
        error_messages = {
            "replaces": {"unique": _("Une version plus récente le remplace déjà : c’est elle qu’il faut remplacer.")}
        }

    def clean_upload(self) -> UploadedFile[bytes]:
        upload: UploadedFile[bytes] = self.cleaned_data["upload"]
        self.examined = examined(upload)
        sha256 = hashlib.sha256(self.examined.pdf).hexdigest()
        self.instance.file = name_for(sha256)
        self.instance.sha256, self.instance.size = sha256, len(self.examined.pdf)
        return upload

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if (replaced := cleaned.get("replaces")) and replaced.type == cleaned.get("type"):
            subject = {name: getattr(replaced, name) for name in SUBJECT}
            if all(cleaned.get(name) in (None, about) for name, about in subject.items()):
                cleaned.update(subject)
        if enrolment := cleaned.get("enrolment"):
            cleaned["order"] = cleaned.get("order") or enrolment.order
            cleaned["session"] = cleaned.get("session") or enrolment.session
        self._check_subject(cleaned)
        if cleaned.get("amount") is not None and cleaned.get("type") not in PRICED_TYPES:
            self.add_error("amount", _("Ce type de document ne porte pas de montant."))
        return cleaned

    def _post_clean(self) -> None:
        """The file is kept before the row that names it, so that no row is ever without its file."""
        super()._post_clean()
        if self.errors:
            return
        try:
            store(self.examined.pdf)
            if self.examined.ending:
                keep_aside(self.examined.original, self.examined.ending)
        except UnwritableStoreError as error:
            self.add_error("upload", not_kept(error))

    def _get_validation_exclusions(self) -> set[str]:
        """What is missing is told at its field; the database's own rule would tell it again, in a word of ours."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded | set(SUBJECT) if self.errors.keys() & set(SUBJECT) else excluded

    def _check_subject(self, cleaned: dict[str, Any]) -> None:
        kind = cleaned.get("type")
        if kind in ENROLMENT_TYPES and not cleaned.get("enrolment"):
            self.add_error("enrolment", _("Ce type de document concerne une inscription."))
        elif kind == DocumentType.EMARGEMENT and not cleaned.get("order"):
            for name in ("session", "establishment"):
                if not cleaned.get(name):
                    self.add_error(name, _("Sans commande, un émargement concerne une session et un établissement."))
        elif not cleaned.get("order"):
            self.add_error("order", _("Ce type de document concerne une commande."))
