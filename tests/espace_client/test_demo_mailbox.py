"""The demonstration's mailbox: shows what would have left, and exists in demo mode only."""

from __future__ import annotations

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import NoReverseMatch, path, reverse
from pytest_django import Settings

from espace_client.urls import urlpatterns as site
from espace_client.views import demo_mailbox

urlpatterns = [
    *site,
    path("demo/mails/", demo_mailbox.demo_mailbox, name="demo_mailbox"),
    path("demo/mails/<slug:key>/", demo_mailbox.demo_mail, name="demo_mail"),
    path("demo/mails/<slug:key>/html/", demo_mailbox.demo_mail_html, name="demo_mail_html"),
    path("demo/mails/<slug:key>/pieces/<int:rank>/", demo_mailbox.demo_mail_file, name="demo_mail_file"),
]


@pytest.fixture
def demo(settings: Settings, db: None) -> Client:
    settings.ROOT_URLCONF = __name__
    settings.DEMO = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    return Client()


def send(subject: str, html: str = "") -> None:
    message = EmailMultiAlternatives(subject, "Bonjour Éloïse,\n\nhttp://localhost/lien/\n", None, ["e@armor.example"])
    if html:
        message.attach_alternative(html, "text/html")
    message.send()


def test_outside_the_demonstration_there_is_no_mailbox() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("demo_mailbox")
    assert Client().get("/demo/mails/").status_code == 404


def test_what_is_attached_is_read_too(demo: Client) -> None:
    message = EmailMultiAlternatives("Devis", "Le voici.", None, ["e@armor.example"])
    message.attach("devis n° 1.pdf", b"%PDF-1.7 \xff", "application/pdf")
    message.attach("note.txt", "À lire", "text/plain")
    message.send()
    (found,) = demo.get(reverse("demo_mailbox")).context["mails"]
    page = demo.get(found.url).text
    pdf, note = found.files
    assert f'href="{pdf.url}">devis n° 1.pdf' in page
    answer = demo.get(pdf.url)
    assert (answer.content, answer["Content-Type"]) == (b"%PDF-1.7 \xff", "application/pdf")
    assert answer["Content-Disposition"].startswith("attachment")
    assert demo.get(note.url).content.decode().strip() == "À lire"
    assert demo.get(reverse("demo_mail_file", args=[found.key, 2])).status_code == 404


def test_mails_are_listed_newest_first_and_read_whole(demo: Client) -> None:
    assert "Aucun e-mail" in demo.get(reverse("demo_mailbox")).text
    send("Premier")
    send("Deuxième, été", html="<p style='color:red'>Bonjour <b>Éloïse</b></p>")
    mails = demo.get(reverse("demo_mailbox")).context["mails"]
    assert {one.subject for one in mails} == {"Premier", "Deuxième, été"}
    rich = next(one for one in mails if one.html)
    page = demo.get(rich.url).text
    assert "Bonjour Éloïse" in page
    assert "e@armor.example" in page
    framed = demo.get(rich.html_url)
    assert "<b>Éloïse</b>" in framed.text
    assert "sandbox" in framed["Content-Security-Policy"]
    assert framed["X-Frame-Options"] == "SAMEORIGIN"
    plain = next(one for one in mails if not one.html)
    assert plain.html_url == ""


def test_several_mails_of_one_connection_are_told_apart(demo: Client) -> None:
    with mail.get_connection() as connection:
        for subject in ("Un", "Deux"):
            EmailMultiAlternatives(subject, "texte", None, ["e@armor.example"], connection=connection).send()
    assert {one.subject for one in demo.get(reverse("demo_mailbox")).context["mails"]} == {"Un", "Deux"}


def test_an_unknown_mail_answers_404(demo: Client) -> None:
    assert demo.get(reverse("demo_mail", args=["rien-0"])).status_code == 404
