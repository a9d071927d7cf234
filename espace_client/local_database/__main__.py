"""Command line of the private PostgreSQL: `python -m espace_client.local_database VERB`."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from types import FrameType

from . import DatabaseUnavailableError, cluster, ensure_running, throwaway
from .place import locate
from .programs import find

VERBS = {
    "start": "démarrer le serveur s'il ne tourne pas",
    "stop": "l'arrêter",
    "status": "dire s'il tourne (code de retour 0) ou non (3)",
    "url": "afficher son adresse, sans le démarrer",
    "psql": "ouvrir une console SQL ; ce qui suit est passé à psql",
    "remove": "l'arrêter et supprimer toutes ses données",
    "run": "lancer une commande, puis arrêter le serveur si c'est elle qui l'a fait démarrer",
    "throwaway": "lancer une commande avec DATABASE_URL sur une base jetable",
}
NOT_RUNNING = 3


def main(arguments: list[str]) -> int:
    """Carry out the verb and return the exit code; DatabaseUnavailableError becomes its one line and 1."""
    epilog = "\n".join(f"  {verb:<10} {meaning}" for verb, meaning in VERBS.items())
    parser = argparse.ArgumentParser(
        prog="python -m espace_client.local_database",
        description="Le PostgreSQL privé de ce dossier.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", choices=VERBS, metavar="VERBE", help="un des verbes ci-dessous")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="pour psql, run et throwaway")
    options = parser.parse_args(arguments)
    rest = options.rest[1:] if options.rest[:1] == ["--"] else options.rest
    if options.verb in {"run", "throwaway"} and not rest:
        parser.error(f"{options.verb} attend une commande")
    try:
        return _carry_out(options.verb, rest)
    except DatabaseUnavailableError as error:
        print(error, file=sys.stderr)
        return 1


def _carry_out(verb: str, rest: list[str]) -> int:
    """Do what `verb` says; raise DatabaseUnavailableError when it cannot be done."""
    place = locate()
    if verb == "url":
        print(place.url)
    elif verb == "start":
        print(ensure_running())
    elif verb == "stop":
        print("Serveur arrêté." if cluster.stop(place) else "Aucun serveur à arrêter.")
    elif verb == "status":
        return _status()
    elif verb == "remove":
        cluster.remove(place)
        print(f"Supprimé : {place.home}")
    elif verb == "psql":
        psql = str(find(place).folder / "psql")
        os.execv(psql, [psql, ensure_running(), *rest])
    elif verb == "run":
        return _run_with_server(rest)
    else:
        children = _watch_signals()
        with throwaway() as address:
            return _run(rest, {**os.environ, "DATABASE_URL": address}, children)
    return 0


def _status() -> int:
    """Print whether the server runs, with what, and where its files are."""
    place = locate()
    programs = find(place)
    running = cluster.answers(place, cluster.data_folder(place, programs))
    print(f"{'En marche' if running else 'Arrêté'} : {programs}, dans {place.home}")
    return 0 if running else NOT_RUNNING


def _run_with_server(command: list[str]) -> int:
    """Run `command` with the private server, and stop the server afterwards unless it was running before."""
    place = locate()
    programs = find(place)
    ours = not cluster.answers(place, cluster.data_folder(place, programs))
    children = _watch_signals()
    try:
        ensure_running()
        return _run(command, os.environ, children)
    finally:
        if ours:
            cluster.stop(place)


def _watch_signals() -> list[subprocess.Popen[bytes]]:
    """From now on hand signals to the children in the list returned; while there is none, end, tidying up."""
    children: list[subprocess.Popen[bytes]] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        if not children:
            sys.exit(128 + number)
        for child in children:
            if child.poll() is None:
                os.killpg(child.pid, number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)
    return children


def _run(command: list[str], environment: Mapping[str, str], children: list[subprocess.Popen[bytes]]) -> int:
    """Run `command`, hand it the signals that we get, and return its exit code as a shell would.

    It has a process group of its own, so that a Ctrl-C reaches it once, from us, and we outlive it to tidy up.
    """
    children.append(subprocess.Popen(command, env=environment, process_group=0))
    code = children[0].wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
