"""« Mon compte »: one's own data as a file, the mails one wants, and what a change of address leaves in the journal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse

from accounts.document_types import DocumentType
from accounts.models import AccessEvent, User
from accounts.notifications import NotificationKind, choose, wants
from documents.models import Document
from enrolments.models import Order, Participant
from tests.accounts.test_accounts import link_in, log_in
from tests.accounts.test_closing import reauthenticated
from tests.conftest import ClientFor
from tests.worlds import PASSWORD, World

pytestmark = pytest.mark.usefixtures("no_rate_limit")


def data_of(email: str) -> dict[str, Any]:
    answer = reauthenticated(email).get(reverse("account_data"))
    assert "attachment" in answer["Content-Disposition"]
    assert answer["Cache-Control"] == "private, no-store"
    found: dict[str, Any] = json.loads(answer.content)
    return found


def test_the_file_holds_everything_about_the_person_and_no_secret(world: World, client_for: ClientFor) -> None:
    user = world.personas["standard"]
    User.objects.filter(pk=user.pk).update(phone="06 12", job_title="DAF")
    choose(user=user, wanted=[NotificationKind.ORDERS])
    invoice = Document.objects.filter(establishment=world.lille, type=DocumentType.FACTURE).earliest("pk")
    client_for(user).get(reverse("document_download", args=[invoice.pk]))
    Participant.objects.filter(enrolments__establishment=world.lille).update(email=user.email)
    data = data_of(user.email)
    assert data["compte"]["telephone"] == "06 12"
    assert data["adresses"] == [{"adresse": user.email, "verifiee": True}]
    assert "Nouveaux documents" in data["notifications_refusees"]
    assert [one["types"] for one in data["acces"]] == [["facture"]]
    assert [one["document"] for one in data["documents_ouverts"]] == [invoice.number]
    assert len(data["mes_formations"]) == 4
    assert data["securite"]["sessions"]
    assert data["journal_des_acces"][0]["personne_concernee"] == user.email
    assert data["journal_des_acces"][-1]["evenement"] == "Données personnelles exportées"
    text = json.dumps(data)
    assert user.password not in text
    assert "voisin@brume.example" not in text


def test_the_file_says_what_an_address_alone_opens_once_it_is_proved(world: World) -> None:
    mine = data_of("responsable@armor.example")
    numbers = Order.objects.filter(order_email="responsable@armor.example").values_list("number", flat=True)
    assert {order["commande"] for order in mine["commandes"]} == set(numbers)
    user = world.personas["unverified"]
    EmailAddress.objects.filter(user=user).update(verified=True)
    client = reauthenticated(user.email)
    EmailAddress.objects.filter(user=user).update(verified=False)
    unproved = json.loads(client.get(reverse("account_data")).content)
    assert unproved["commandes"] == unproved["mes_formations"] == []


def test_the_file_is_given_to_who_has_just_said_who_they_are(world: World, client_for: ClientFor) -> None:
    answer = client_for(world.personas["standard"]).get(reverse("account_data"))
    assert answer["Location"].startswith(reverse("account_reauthenticate"))


def test_one_chooses_ones_mails(world: World, client_for: ClientFor) -> None:
    user = world.personas["standard"]
    client, url = client_for(user), reverse("account_notifications")
    page = client.get(url).text
    assert page.count("checked") == len(NotificationKind)
    assert "(facultatif)" not in page, "nothing is optional about a list of choices"
    assert client.post(url, {"wanted": ["orders", "documents"]}).status_code == 302
    assert wants(user, NotificationKind.DOCUMENTS)
    assert not wants(user, NotificationKind.APPROVALS)
    assert client.get(url).text.count("checked") == 2
    assert "types de message refusés" in client.get(reverse("account_home")).text
    assert client.post(url, {}).status_code == 302, "nothing ticked is a choice"
    assert not any(wants(user, kind) for kind in NotificationKind)
    wrong = client.post(url, {"wanted": ["pigeons"]})
    assert wrong.status_code == 200
    assert "pigeons" in wrong.text
    assert client.post(url, {"wanted": NotificationKind.values}).status_code == 302
    assert wants(user, NotificationKind.APPROVALS)


def test_a_change_of_address_is_told_in_each_establishment(world: World) -> None:
    user = world.personas["member_of_two"]
    client, _status = log_in(user.email)
    asked = client.post(reverse("account_email"), {"email": "nouvelle@armor.example", "action_add": ""})
    client.post(asked["Location"], {"password": PASSWORD})
    assert not AccessEvent.objects.filter(event="login_email_changed").exists(), "not before it is confirmed"
    client.post(link_in(next(message for message in mail.outbox if message.to == ["nouvelle@armor.example"])))
    lines = AccessEvent.objects.filter(event="login_email_changed").order_by("establishment_name")
    assert [line.establishment_name for line in lines] == ["", "Armor Lille", "Armor Nice"]
    assert {line.sentence for line in lines} == {"de deux@armor.example à nouvelle@armor.example"}
    assert {line.subject_email for line in lines} == {"nouvelle@armor.example"}


def test_the_preview_of_a_change_does_not_depend_on_where_one_looks(world: World, client_for: ClientFor) -> None:
    user = world.personas["member_of_two"]
    Order.objects.filter(establishment=world.brume.establishments[0]).update(order_email=user.email)
    User.objects.filter(pk=user.pk).update(shown_establishments=[world.nice.pk])
    assert client_for(user).get(reverse("account_email")).context["leaving_count"] == 2
