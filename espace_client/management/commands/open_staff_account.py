"""`manage.py open_staff_account EMAIL`: the first member of the team, who opens the accounts of the others."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.emails import normalise_email
from accounts.models import User


class Command(BaseCommand):
    help = (
        "Ouvre le compte d’un membre de l’équipe, avec tous les droits dans la gestion. Le mot de passe est demandé"
        " deux fois ; sans terminal, c’est la première ligne de l’entrée."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="adresse de connexion ; vous vous en portez garant")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        try:
            address = normalise_email(email)
            if EmailAddress.objects.filter(email=address).exists() or User.objects.filter(email=address).exists():
                raise CommandError(f"Un compte a déjà l’adresse {address}.")
            password = _password(User(email=address))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        User.objects.create_superuser(address, password)
        self.stdout.write(f"Le compte {address} est ouvert : connectez-vous, puis ouvrez l’adresse /gestion/.")


def _password(user: User) -> str:
    """What was typed, twice the same at a terminal; ValidationError says, in French, why it will not do."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
    elif (password := getpass("Mot de passe : ")) != getpass("Le même, encore une fois : "):
        raise ValidationError("Les deux mots de passe ne sont pas les mêmes.")
    validate_password(password, user)
    return password
