"""The check of attestations: the secret code in their QR, and what a public page says of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from documents.models import Issue, IssueState
from documents.papers import Paper
from documents.papers.attendance import Check
from documents.papers.codes import qr
from documents.validity import void_among

RANDOM_BYTES = 16  # 128 bits: nobody finds one by trying


class Validity(StrEnum):
    VALID = "valid"
    REPLACED = "replaced"
    VOID = "void"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verdict:
    """What the public page says; `printed` is what the paper itself bears, nothing else, and nothing when unknown."""

    validity: Validity
    number: str
    issued_on: str
    printed: dict[str, str]


def new_code() -> str:
    return secrets.token_urlsafe(RANDOM_BYTES)


def printed_check(issue: Issue) -> Check:
    """The address of the check of this attestation, as it is printed."""
    return check_at(issue.check_code or "")


def check_at(code: str) -> Check:
    """How an attestation with this code is checked."""
    url = settings.SITE_URL + reverse("verification", args=[code])
    title = _("Code QR : vérifier cette attestation à l’adresse %s") % url
    return Check(url=url, code=code, qr=qr(url, title))


def printed_facts(paper: Paper) -> dict[str, str]:
    """What an attestation says of the person and the course, kept for whoever checks it."""
    facts: Any = paper.facts
    return {
        "trainee": facts["trainee"],
        "course": facts["course"].title,
        "starts_on": facts["session"].starts_on.isoformat(),
        "ends_on": facts["session"].ends_on.isoformat(),
        "hours": str(facts["hours_attended"]),
    }


def verify(code: str) -> Verdict:
    """What is known of this code: exact, or unknown; a version that was replaced, or is void, says so, and not why."""
    issues = Issue.objects.select_related("document__replaced_by").filter(check_code=code, state=IssueState.DONE)
    issue = issues.first()
    if issue is None or issue.document is None:
        return Verdict(Validity.UNKNOWN, "", "", {})
    validity = Validity.VOID if void_among([issue.document.pk]) else Validity.VALID
    return Verdict(
        Validity.REPLACED if hasattr(issue.document, "replaced_by") else validity,
        issue.document.number,
        issue.document.issued_on.isoformat(),
        issue.printed,
    )
