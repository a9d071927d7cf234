"""The portal's own mails."""

from email import message_from_bytes
from email.policy import default
from runpy import run_path

import pytest
from django.conf import settings as django_settings
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


def test_a_subject_keeps_its_no_break_spaces_and_its_signs_in_one_header(
    template: str,
) -> None:
    title = "C#\u2028& <.NET>\u00a0: «\u00a0tout\u00a0»\x85, vraiment\u202f? " + "Longue formation\u00a0! " * 9
    send(template, "a@armor.example", {"number": title})
    wanted = "Votre commande C# & <.NET>\u00a0: «\u00a0tout\u00a0» , vraiment\u202f? " + "Longue formation\u00a0! " * 9
    assert mail.outbox[0].subject == wanted.strip()
    read = message_from_bytes(mail.outbox[0].message().as_bytes(), policy=default)
    assert read.get_all("Subject") == [" " + wanted.strip()], "folded, as RFC 5322 wants a long one"
    assert read.get_all("To") == ["a@armor.example"]
    assert not read.defects


def test_the_judge_of_typography_reads_subjects() -> None:
    """`make check` runs it on all that `git ls-files` finds under templates/, these files too."""
    judge = run_path(str(django_settings.BASE_DIR / "scripts" / "typography"))
    mended = judge["template"]("{% if quote %}Commande {{ number }} : « prête » ?{% endif %}")
    assert mended == "{% if quote %}Commande {{ number }}\u00a0: «\u00a0prête\u00a0»\u202f?{% endif %}"
