"""Signing up, logging in, forgetting a password: what rules 1, 3 and 8 ask of accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import get_hasher
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from documents.models import Document
from tests.worlds import PASSWORD, World, give_access, make_user

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "Un-tout-autre-secret-2"


@pytest.fixture(autouse=True)
def empty_limits() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def link_in(message: mail.EmailMessage) -> str:
    """The one link of a mail, as a path."""
    found = re.findall(r"https?://testserver(/\S+)", str(message.body))
    assert len(set(found)) == 1, message.body
    return str(found[0])


def log_in(email: str, password: str = PASSWORD, client: Client | None = None) -> tuple[Client, int]:
    client = client or Client()
    answer = client.post(reverse("account_login"), {"login": email, "password": password})
    return client, answer.status_code


def sign_up(email: str) -> tuple[Client, str]:
    """Fill the sign-up form; return the browser and where it was sent."""
    client = Client()
    fields = {"first_name": "Léa", "last_name": "Noël", "email": email, "password1": PASSWORD, "password2": PASSWORD}
    answer = client.post(reverse("account_signup"), fields)
    assert answer.status_code == 302, answer.context["form"].errors
    return client, answer["Location"]


def test_logging_in_by_email_whatever_its_case() -> None:
    make_user("lea@armor.example")
    client, status = log_in(" LEA@Armor.Example ")
    assert status == 302
    assert client.get(reverse("dashboard")).status_code == 200


def test_a_wrong_password_keeps_the_address_typed() -> None:
    make_user("lea@armor.example")
    answer = Client().post(reverse("account_login"), {"login": "lea@armor.example", "password": "faux"})
    assert answer.status_code == 200
    assert 'value="lea@armor.example"' in answer.text


def test_an_unverified_address_does_not_get_in(world: World) -> None:
    client, _status = log_in("autre@armor.example")
    assert client.get(reverse("dashboard")).status_code == 302
    assert "autre@armor.example" in mail.outbox[-1].to


def test_signing_up_then_confirming_opens_ones_orders(world: World) -> None:
    Document.objects.filter(order_email="voisin@brume.example")
    client, _where = sign_up("Nouvelle@Brume.example")
    user = User.objects.get(email="nouvelle@brume.example")
    assert user.get_full_name() == "Léa Noël"
    assert user.rights.email is None
    path = link_in(mail.outbox[-1])
    assert client.get(path).status_code == 200
    client.post(path)
    assert User.objects.get(pk=user.pk).rights.email == "nouvelle@brume.example"


def test_signing_up_with_a_known_address_tells_nothing(world: World) -> None:
    _client, known = sign_up("responsable@armor.example")
    _client, unknown = sign_up("personne@armor.example")
    assert known == unknown
    assert User.objects.filter(email="responsable@armor.example").count() == 1
    to_known, to_unknown = mail.outbox
    assert to_known.to == ["responsable@armor.example"]
    assert "mot de passe" in to_known.body
    assert to_unknown.to == ["personne@armor.example"]


def test_a_forgotten_password_comes_back_by_the_mailed_link(world: World) -> None:
    client = Client()
    answer = client.post(reverse("account_reset_password"), {"email": "Administratrice@armor.example"}, follow=True)
    assert answer.status_code == 200
    message = mail.outbox[-1]
    assert message.to == ["administratrice@armor.example"]
    assert isinstance(message, mail.EmailMultiAlternatives)
    assert message.alternatives, "the mail has an HTML part"
    form = client.get(link_in(message), follow=True)
    url = form.redirect_chain[-1][0]
    done = client.post(url, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert done.status_code == 302
    assert log_in("administratrice@armor.example")[1] == 200
    assert log_in("administratrice@armor.example", NEW_PASSWORD)[1] == 302
    again = client.get(link_in(message), follow=True)
    assert "password1" not in again.text, "the link serves once"


def test_the_answer_is_the_same_whether_the_account_exists(world: World) -> None:
    pages = []
    for email in ("administratrice@armor.example", "inconnu@ailleurs.example"):
        answer = Client().post(reverse("account_reset_password"), {"email": email}, follow=True)
        pages.append((answer.redirect_chain, re.sub(r'value="[^"]*"', "", answer.text)))
    assert pages[0] == pages[1]


def test_setting_a_password_by_the_link_proves_the_address(world: World) -> None:
    """The account that the ERP described: no password, address not verified, until its owner opens the link."""
    user = User.objects.create_user("imported@armor.example")
    EmailAddress.objects.create(user=user, email=user.email, verified=False, primary=True)
    client = Client()
    client.post(reverse("account_reset_password"), {"email": user.email})
    url = client.get(link_in(mail.outbox[-1]), follow=True).redirect_chain[-1][0]
    client.post(url, {"password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.get(pk=user.pk).rights.email == user.email
    browser, status = log_in(user.email)
    assert status == 302
    assert browser.get(reverse("dashboard")).status_code == 200


def test_a_waiting_address_never_receives_the_reset_link(world: World) -> None:
    """A new address that is only waiting for confirmation is not the address of the account (rule 8)."""
    user = world.personas["administrator"]
    EmailAddress.objects.create(user=user, email="nouvelle@armor.example", verified=False, primary=False)
    Client().post(reverse("account_reset_password"), {"email": "nouvelle@armor.example"})
    assert all(message.to != ["nouvelle@armor.example"] or "lien" not in message.subject for message in mail.outbox)
    assert [message.to for message in mail.outbox if "/mot-de-passe-oublie/lien/" in str(message.body)] in (
        [],
        [["administratrice@armor.example"]],
    )


def test_guessing_passwords_is_limited_across_processes() -> None:
    """The limit counts in the shared cache: another process (another client, here) meets it too."""
    make_user("lea@armor.example")
    statuses = [log_in("lea@armor.example", f"faux-{attempt}")[1] for attempt in range(12)]
    answer = Client().post(reverse("account_login"), {"login": "lea@armor.example", "password": PASSWORD})
    assert answer.status_code in (200, 429)
    assert Client().get(reverse("dashboard")).status_code == 302
    assert 302 not in statuses


def test_too_many_reset_mails_are_refused_in_the_look_of_the_portal() -> None:
    make_user("lea@armor.example")
    answers = [Client().post(reverse("account_reset_password"), {"email": "lea@armor.example"}) for _ in range(25)]
    assert answers[-1].status_code == 429
    assert "Espace client" in answers[-1].text
    assert len(mail.outbox) < 25


def test_changing_the_address_asks_who_one_is_and_waits_for_the_link(world: World) -> None:
    user = world.personas["responsable"]
    client, _status = log_in(user.email)
    asked = client.post(reverse("account_email"), {"email": "nouvelle@armor.example", "action_add": ""})
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    client.post(asked["Location"], {"password": "faux"})
    assert not mail.outbox
    client.post(asked["Location"], {"password": PASSWORD})
    user = User.objects.get(pk=user.pk)
    assert user.rights.email == "responsable@armor.example", "nothing changes before the link is opened"
    confirmation = next(message for message in mail.outbox if message.to == ["nouvelle@armor.example"])
    path = link_in(confirmation)
    client.post(path)
    assert User.objects.get(pk=user.pk).rights.email == "nouvelle@armor.example"
    assert not Document.objects.visible_to(User.objects.get(pk=user.pk)).exists()


def test_ones_own_details_are_kept_from_the_next_drop(world: World) -> None:
    user = world.personas["standard"]
    client, _status = log_in(user.email)
    fields = {"civility": "Mme", "first_name": "Inès", "last_name": user.last_name, "job_title": "DAF", "phone": "01"}
    answer = client.post(reverse("account_home"), fields)
    assert answer.status_code == 302
    user = User.objects.get(pk=user.pk)
    assert (user.first_name, user.job_title) == ("Inès", "DAF")
    assert user.decided_in_portal == ["civility", "first_name", "job_title", "phone"]


def test_a_form_that_fails_keeps_what_was_typed(world: World) -> None:
    client, _status = log_in("comptable@armor.example")
    answer = client.post(reverse("account_home"), {"first_name": "x" * 101, "last_name": "Gardé", "phone": "06 12"})
    assert answer.status_code == 200
    assert 'value="Gardé"' in answer.text
    assert 'value="06 12"' in answer.text
    assert answer.context["form"].errors["first_name"]


def test_signing_up_hashes_a_password_whether_or_not_the_address_has_an_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Hashing is nearly all the time of the answer: left out, it would tell who has an account."""
    make_user("lea@armor.example")
    hasher, hashed = type(get_hasher()), []
    encode = hasher.encode

    def counted(self: Any, password: str, *args: Any, **kwargs: Any) -> Any:
        hashed.append(password)
        return encode(self, password, *args, **kwargs)

    monkeypatch.setattr(hasher, "encode", counted)
    for email in ("nouvelle@armor.example", "lea@armor.example"):
        sign_up(email)
        assert hashed == [PASSWORD], email
        hashed.clear()


@pytest.mark.parametrize("page", ["account_login", "account_signup", "account_reset_password"])
def test_entry_pages_are_in_french(page: str) -> None:
    text = Client().get(reverse(page)).text
    assert '<html lang="fr">' in text
    for english in ("Sign In", "Sign Up", "Password", "Remember me", "Forgot"):
        assert english not in text


def test_the_team_enters_the_admin_through_the_same_door(world: World) -> None:
    answer = Client().get("/gestion/login/?next=/gestion/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
    client, _status = log_in("equipe@ib.example")
    assert client.get("/gestion/").status_code == 200
    member, _status = log_in("administratrice@armor.example")
    assert member.get("/gestion/").status_code in (302, 403)


def test_the_page_says_how_many_enrolments_leave_ones_sight(world: World) -> None:
    """Two orders of two enrolments each carry the address; those of an establishment that stays open do not leave."""
    user = world.personas["responsable"]
    client, _status = log_in(user.email)
    assert client.get(reverse("account_email")).context["leaving_count"] == 4
    give_access(user, world.lille, Role.STANDARD)
    page = client.get(reverse("account_email"))
    assert page.context["leaving_count"] == 2
    assert "2 inscriptions" in page.text


def test_a_confirmed_change_ends_other_sessions_and_tells_the_old_address(world: World) -> None:
    user = world.personas["responsable"]
    client, _status = log_in(user.email)
    elsewhere, _status = log_in(user.email)
    for browser in (client, elsewhere):
        assert browser.get(reverse("dashboard")).status_code == 200
    asked = client.post(reverse("account_email"), {"email": "nouvelle@armor.example", "action_add": ""})
    client.post(asked["Location"], {"password": PASSWORD})
    client.post(link_in(next(message for message in mail.outbox if message.to == ["nouvelle@armor.example"])))
    assert client.get(reverse("dashboard")).status_code == 200
    assert elsewhere.get(reverse("dashboard")).status_code == 302
    (told,) = [message for message in mail.outbox if message.to == ["responsable@armor.example"]]
    for text in (str(told.body), str(told.alternatives[0][0])):  # type: ignore[attr-defined]
        assert "de l’ancienne adresse, vous ne pouvez plus reprendre le compte" in text
        assert reverse("account_reset_password") not in text, "that link would help the new address only"


def test_a_standard_access_without_a_type_says_so_on_ones_own_page(world: World) -> None:
    user = make_user("historique@armor.example")
    give_access(user, world.lille, Role.STANDARD)
    client, _status = log_in(user.email)
    assert "Tout l’historique, aucun document" in client.get(reverse("account_home")).text


def test_an_account_that_is_gone_is_logged_out() -> None:
    user = make_user("lea@armor.example")
    client, _status = log_in(user.email)
    assert client.get(reverse("dashboard")).status_code == 200
    User.objects.filter(pk=user.pk).delete()
    assert client.get(reverse("dashboard")).status_code == 302
    assert User.objects.with_rights(user.pk) is None


def test_a_second_superuser_of_the_same_address_is_refused_whatever_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", interactive=False, email="Chef@ib.example", verbosity=0)
    chief = User.objects.get(email="chef@ib.example")
    assert (chief.is_staff, chief.is_superuser, chief.rights.email) == (True, True, chief.email)
    assert User.objects.get_by_natural_key(" CHEF@ib.example ") == chief
    with pytest.raises(CommandError, match="already taken"):  # before anything is written; Django says it in English
        call_command("createsuperuser", interactive=False, email="CHEF@ib.example", verbosity=0)
    assert User.objects.filter(is_superuser=True).count() == 1
