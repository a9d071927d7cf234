"""The programme of a course as a page to print: its HTML, for documents.drawing."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from catalogue.models import Course
from documents.papers.training import CourseFacts


def programme_source(course: Course) -> str:
    """The HTML of the programme, dated today: it says what the catalogue says now, at the public price."""
    today = timezone.localdate()
    context = {
        "paper": {"title": f"{course.title} · programme", "subject": course.title, "issued_on": today},
        "provider": settings.PROVIDER,
        "course": CourseFacts.of(course),
        "domain": course.domain,
        "public_price": course.public_price,
        "vat_rate": course.vat_rate,
        "url": f"{settings.SITE_URL}{course.get_absolute_url()}",
        "today": today,
    }
    return render_to_string("pdf/programme.html", context)
