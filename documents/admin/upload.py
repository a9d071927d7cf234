"""The form by which staff file a document: a PDF that is inspected, and what it is about."""

from __future__ import annotations

from tempfile import NamedTemporaryFile
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import TriedForm
from accounts.document_types import ENROLMENT_TYPES, PRICED_TYPES, DocumentType
from documents.files import FLAW_REASONS, Flaw, Verdict
from documents.inspectors import MAX_BYTES, Inspectors, Request
from documents.models import Document
from documents.store import name_for


def inspect_upload(upload: UploadedFile[bytes]) -> Verdict:
    """What the uploaded file is, looked at in a process of its own."""
    if (upload.size or 0) > MAX_BYTES:
        return Verdict(flaw=Flaw.TOO_LARGE)
    with NamedTemporaryFile(prefix="espace-client-", suffix=".pdf") as copy, Inspectors(workers=1) as inspectors:
        for chunk in upload.chunks():
            copy.write(chunk)
        copy.flush()
        return inspectors.inspect([Request(copy.name)])[0]


class DocumentForm(TriedForm[Document]):
    """What the document is about is completed: the enrolment names its order and its session."""

    upload = forms.FileField(label=_("Fichier PDF"))

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
        fields = ["type", "number", "issued_on", "order", "enrolment", "session", "establishment", "amount", "replaces"]

    def clean_upload(self) -> UploadedFile[bytes]:
        upload: UploadedFile[bytes] = self.cleaned_data["upload"]
        verdict = inspect_upload(upload)
        if verdict.flaw is not None:
            raise forms.ValidationError(FLAW_REASONS[verdict.flaw])
        self.instance.file = name_for(verdict.sha256)
        self.instance.sha256, self.instance.size = verdict.sha256, verdict.size
        return upload

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if enrolment := cleaned.get("enrolment"):
            cleaned["order"] = cleaned.get("order") or enrolment.order
            cleaned["session"] = cleaned.get("session") or enrolment.session
        self._check_subject(cleaned)
        if cleaned.get("amount") is not None and cleaned.get("type") not in PRICED_TYPES:
            self.add_error("amount", _("Ce type de document ne porte pas de montant."))
        return cleaned

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
