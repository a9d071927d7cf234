"""The portal's own mails."""

import pytest
from django.core import mail
from django.template import engines
from pytest_django import Settings

from accounts.mails import KEY, link_to, send


@pytest.fixture
def template(settings: Settings) -> str:
    """A mail template that only this test has."""
    texts = {
        "email/essai.subject.txt": "Votre commande\n {{ number }}",
        "email/essai.txt": '{% extends "email/base.txt" %}{% block body %}{{ url }}{% endblock %}',
        "email/essai.html": '{% extends "email/base.html" %}{% block body %}{{ name }}{% endblock %}',
    }
    loader = ("django.template.loaders.locmem.Loader", texts)
    portal = settings.TEMPLATES[0]
    loaders = [loader, "django.template.loaders.filesystem.Loader"]
    settings.TEMPLATES = [{**portal, "APP_DIRS": False, "OPTIONS": {**portal["OPTIONS"], "loaders": loaders}}]
    assert engines.all()
    return "essai"


def test_text_and_html_on_one_subject_line(template: str, settings: Settings) -> None:
    settings.SITE_URL = "https://portail.example"
    send(template, "a@armor.example", {"number": "C1", "url": link_to("help"), "name": "<b>"}, key="commande-1")
    (sent,) = mail.outbox
    assert sent.subject == "Votre commande C1"
    assert "https://portail.example/aide/" in str(sent.body)
    assert "&lt;b&gt;" in str(sent.alternatives[0][0])  # type: ignore[attr-defined]
    assert sent.extra_headers[KEY] == "commande-1"


def test_a_line_break_in_a_name_adds_no_header(template: str) -> None:
    send(template, "a@armor.example", {"number": "1\r\nBcc: b@example.org"})
    assert "Bcc" not in mail.outbox[0].message()
