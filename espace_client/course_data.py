"""A course as search engines read it: schema.org, in JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from catalogue.models import Course, CourseMode, Session
from documents.papers.training import lines_of

MODES = {
    CourseMode.ON_SITE: "Onsite",
    CourseMode.REMOTE: "Online",
    CourseMode.BLENDED: "Blended",
    CourseMode.ELEARNING: "Online",
}
# What would end the block, or open another, in a page: JSON may write it otherwise.
ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def course_data(course: Course, sessions: Iterable[Session]) -> SafeString:
    """The text of a `<script type="application/ld+json">`: a block of data, which no browser executes.

    Always the public price, whoever looks: it is what a search engine may show to everybody.
    """
    provider = {"@type": "Organization", "name": settings.PROVIDER["name"], "url": settings.SITE_URL}
    address = f"{settings.SITE_URL}{course.get_absolute_url()}"
    offer = {
        "@type": "Offer",
        "category": "Paid",
        "price": str(course.public_price),
        "priceCurrency": "EUR",
        "url": address,
    }
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Course",
        "name": course.title,
        "description": " ".join(lines_of(course.objectives)) or course.title,
        "courseCode": course.reference,
        "inLanguage": "fr",
        "url": address,
        "provider": provider,
        "offers": [offer],
        "hasCourseInstance": [_instance(course, session, offer) for session in sessions] or [_when_asked(course)],
    }
    if course.prerequisites:
        data["coursePrerequisites"] = course.prerequisites
    if course.certification:
        data["educationalCredentialAwarded"] = course.certification
    return mark_safe(json.dumps(data, ensure_ascii=False).translate(ESCAPES))  # noqa: S308  # escaped just above


def _when_asked(course: Course) -> dict[str, Any]:
    return {
        "@type": "CourseInstance",
        "courseMode": MODES[CourseMode(course.mode)],
        "courseWorkload": _hours(course),
    }


def _hours(course: Course) -> str:
    """ISO 8601: 21 hours are "PT21H", 10.5 are "PT10H30M"."""
    minutes = int(course.hours * 60)
    return f"PT{minutes // 60}H" + (f"{minutes % 60}M" if minutes % 60 else "")


def _instance(course: Course, session: Session, offer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "CourseInstance",
        "courseMode": MODES[CourseMode(course.mode)],
        "startDate": session.starts_on.isoformat(),
        "endDate": session.ends_on.isoformat(),
        "courseWorkload": _hours(course),
        "inLanguage": "fr",
        "offers": offer,
    }
    if session.city and course.mode in (CourseMode.ON_SITE, CourseMode.BLENDED):
        address = {"@type": "PostalAddress", "addressLocality": session.city, "addressCountry": "FR"}
        found["location"] = {"@type": "Place", "name": session.venue or session.city, "address": address}
    return found
