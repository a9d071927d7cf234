"""`manage.py demo`: demonstration data and the accounts that open it; `--serve` also serves the portal with it."""

import os
import shutil
import socket
import subprocess
import sys
import textwrap
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone

from espace_client.demo import build as demo
from espace_client.demo.cast import PASSWORD, PEOPLE
from espace_client.demo.press import printing_works

HOST = "127.0.0.1"


class Command(BaseCommand):
    help = (
        "Crée les données de démonstration (sociétés, personnes et commandes inventées, documents PDF), "
        "et dit avec quels comptes les voir."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="efface toute la base, puis recommence")
        parser.add_argument("--serve", action="store_true", help="sert ensuite le portail, jusqu’à Ctrl-C")
        parser.add_argument("--port", type=int, default=os.environ.get("PORT", "8000"), help="port de --serve (8000)")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("La démonstration n’entre pas dans une base de production (ESPACE_ENV).")
        if options["serve"]:
            _require_free(options["port"])
        with printing_works() as press:
            call_command("migrate", verbosity=0)
            if options["reset"]:
                demo.erase()
            if demo.is_present():
                self.stdout.write("Les données de démonstration sont déjà là (--reset les refait à la date du jour).")
            elif demo.is_empty():
                self.stdout.write("Création des données de démonstration…")
                story = demo.build(today=timezone.localdate(), press=press)
                self.stdout.write(f"{len(story.orders)} commandes, {demo.count_documents()} documents PDF.")
            else:
                raise CommandError(
                    "La base contient déjà des données qui ne sont pas celles de la démonstration. "
                    "« manage.py demo --reset » les efface toutes, puis crée celles de la démonstration."
                )
        self.stdout.write(accounts_table(shutil.get_terminal_size().columns))
        if options["serve"]:
            self._serve(options["port"])

    def _serve(self, port: int) -> None:
        """Become gunicorn, so that Ctrl-C, or whoever started this process, stops the server and all its workers.

        A terminal's Ctrl-C reaches workers twice, from it and from their master, and one may then never answer: the
        master is told to wait three seconds instead of thirty.
        """
        call_command("collectstatic", interactive=False, verbosity=0)
        connections.close_all()
        self.stdout.write(f"\n  Le portail : http://{HOST}:{port}/     (Ctrl-C l’arrête)\n")
        self.stdout.flush()
        environment = {**os.environ, "ESPACE_DEMO": "1"}
        worker = [sys.executable, "manage.py", "worker", "--with-parent"]
        subprocess.Popen(worker, env=environment)  # noqa: S603 - our own interpreter; it ends with this process
        command = [
            sys.executable, "-m", "gunicorn", "espace_client.wsgi", "--no-control-socket", "--worker-class", "gthread",
            "--workers", "2", "--threads", "4", "--graceful-timeout", "3", "--bind", f"{HOST}:{port}",
        ]  # fmt: skip
        os.execve(sys.executable, command, environment)  # noqa: S606 - our own interpreter


def _require_free(port: int) -> None:
    """Say at once, not after the data were made, that the port is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"Le port {port} n’est pas libre ({error}) : arrêtez ce qui l’occupe, "
                f"ou choisissez-en un autre, par exemple --port {port + 1}."
            ) from error


def accounts_table(width: int) -> str:
    """The documented accounts, and what each of them shows, in `width` columns (at least 80)."""
    documented = [person for person in PEOPLE if person.shows]
    left = max(len(person.email) for person in documented)
    right = max(30, max(80, width) - left - 9)
    rule = f"  +{'-' * (left + 2)}+{'-' * (right + 2)}+"
    heading = _row("Adresse email", "Ce qu’elle montre", left, right)
    lines = ["", f"  Mot de passe de tous les comptes : {PASSWORD}", rule, heading, rule]
    for person in documented:
        first, *rest = textwrap.wrap(person.shows, right)
        lines += [_row(person.email, first, left, right), *(_row("", line, left, right) for line in rest)]
    return "\n".join([*lines, rule])


def _row(left_text: str, right_text: str, left: int, right: int) -> str:
    return f"  | {left_text:<{left}} | {right_text:<{right}} |"
