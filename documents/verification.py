"""The public page behind the QR of an attestation: valid, replaced, void or unknown, and only what is printed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from allauth.core import ratelimit
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from documents.issuing.verifying import Validity, verify

LIMITS = {"verification": "30/m/ip"}


@login_not_required
@never_cache
@require_safe
def verification(request: HttpRequest, code: str) -> HttpResponse:
    """Whether the attestation with this code is valid. Limited by address, so that codes are not tried."""
    if refusal := ratelimit.consume_or_429(request, action="verification", config=LIMITS, limit_get=True):
        return refusal
    verdict = verify(code)
    printed = verdict.printed
    context = {
        "verdict": verdict,
        "issued_on": date.fromisoformat(verdict.issued_on) if verdict.issued_on else None,
        "starts_on": date.fromisoformat(printed["starts_on"]) if printed else None,
        "ends_on": date.fromisoformat(printed["ends_on"]) if printed else None,
        "hours": Decimal(printed["hours"]) if printed else None,
    }
    status = 404 if verdict.validity == Validity.UNKNOWN else 200
    return render(request, "documents/verification.html", context, status=status)
