"""The account of the first member of the team."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.worlds import make_user

COMMAND = "espace_client.management.commands.open_staff_account"
GOOD = "Trois-mots-et-5-chiffres"
pytestmark = pytest.mark.django_db


def opened(email: str = " Equipe@IB.example", typed: str = GOOD) -> str:
    output = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(typed + "\n"))
        call_command("open_staff_account", email, stdout=output)
    return output.getvalue()


def test_it_opens_the_management(client: Client) -> None:
    assert "Le compte equipe@ib.example est ouvert" in opened()
    client.post(reverse("account_login"), {"login": "equipe@ib.example", "password": GOOD})
    assert client.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize(
    ("email", "typed", "said"),
    [
        ("personne", GOOD, "adresse"),
        ("deja@ib.example", GOOD, "Un compte a déjà l’adresse deja@ib.example."),
        ("equipe@ib.example", "court", "12 caractères"),
        ("equipe@ib.example", "", "12 caractères"),
    ],
)
def test_what_will_not_do_is_said_in_french(email: str, typed: str, said: str) -> None:
    make_user("deja@ib.example")
    with pytest.raises(CommandError, match=said):
        opened(email, typed)
    assert User.objects.count() == 1


@pytest.mark.parametrize(("second", "ends_well"), [(GOOD, True), ("autre", False)])
def test_at_a_terminal_it_is_typed_twice(second: str, ends_well: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    typed: list[Any] = [GOOD, second]
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(f"{COMMAND}.getpass", lambda prompt: typed.pop(0))
    if ends_well:
        call_command("open_staff_account", "equipe@ib.example", stdout=io.StringIO())
    else:
        with pytest.raises(CommandError, match="pas les mêmes"):
            call_command("open_staff_account", "equipe@ib.example")
    assert User.objects.filter(is_superuser=True).exists() == ends_well
