"""The private server of a checkout: where it lives, who reaches it, and what it survives."""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

import dj_database_url
import pytest

from .conftest import NO_POSTGRESQL
from .private_checkout import Checkout, ask, checkout, until

ROOT = os.geteuid() == 0
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, Linux
STARTED_AT = "SELECT pg_postmaster_start_time()::text"


def test_a_life_of_the_server(server: Checkout) -> None:
    """Started once however often it is asked for, alive after a kill -9 with its data, stopped for good."""
    assert server.say("status").returncode == 3
    address = server.do("url")
    assert server.do("start") == address == server.do("url")
    started = ask(address, STARTED_AT)
    server.do("psql", "-qc", "CREATE TABLE kept AS SELECT 42 AS answer")
    assert server.do("start") == address
    assert ask(address, STARTED_AT) == started
    assert server.do("status").startswith("En marche")

    os.kill(server.postmaster, signal.SIGKILL)
    assert server.do("start") == address
    assert ask(address, "SELECT answer FROM kept") == [42]
    assert ask(address, STARTED_AT) != started

    assert server.do("stop") == "Serveur arrêté."
    assert server.do("stop") == "Aucun serveur à arrêter."
    assert server.say("status").returncode == 3


def test_either_road_sorts_and_compares_alike(server: Checkout) -> None:
    """Code point order, Unicode case, both extensions, UTF-8: what the pages and their tests rely on."""
    address = server.do("start")
    server.do("psql", "-qc", "CREATE EXTENSION unaccent", "-c", "CREATE EXTENSION pg_trgm")
    answers = ask(
        address,
        "SELECT array_agg(name ORDER BY name) FROM unnest(array['é', 'z', 'a', 'É', 'Z', 'œ']) AS name",
        "SELECT upper('éàçœ') || lower('ÉÀÇŒ')",
        "SELECT 'ÉLÈVE' ~* '^élève$' AND 'ÉLÈVE' ILIKE 'élève'",
        "SELECT unaccent('Élève')",
        "SELECT to_tsvector('french', 'Évaluation différée')::text",
        "SHOW server_encoding",
        "SHOW listen_addresses",
        "SELECT rolsuper FROM pg_roles WHERE rolname = current_user",
    )
    assert answers == [
        ["Z", "a", "z", "É", "é", "œ"],
        "ÉÀÇŒéàçœ",
        True,
        "Eleve",
        "'differ':2 'évalu':1",
        "UTF8",
        "",
        True,
    ]


def test_its_address_suits_django(running: Checkout) -> None:
    parsed = dj_database_url.parse(running.do("url"))
    assert parsed["HOST"] == str(running.socket_folder)
    assert (parsed["NAME"], parsed["USER"], parsed["PORT"]) == ("espace_client", "espace", 5432)


def test_two_processes_that_start_it_at_once_get_one_server(wheel_server: Checkout) -> None:
    starters = [wheel_server.background("start") for _ in range(3)]
    outcomes = {starter.communicate(timeout=120) for starter in starters}
    assert outcomes == {(f"{wheel_server.do('url')}\n", "")}
    assert wheel_server.do("status").startswith("En marche")


def test_a_pid_that_now_belongs_to_another_program_is_no_obstacle(wheel_server: Checkout) -> None:
    """PostgreSQL alone would refuse to start: the number exists."""
    wheel_server.do("start")
    file = wheel_server.postmaster_file
    left_behind = file.read_text()
    wheel_server.do("stop")
    owner = file.parent.stat()
    who = owner.st_uid if ROOT else None
    with subprocess.Popen(["sleep", "60"], user=who) as other:
        try:
            for stale in (file, wheel_server.socket_folder / ".s.PGSQL.5432.lock"):
                stale.write_text(left_behind.replace(left_behind.split("\n")[0], str(other.pid), 1))
                os.chown(stale, owner.st_uid, owner.st_gid)
            wheel_server.do("start")
        finally:
            other.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="un zombie se fabrique avec prctl, propre à Linux")
def test_a_killed_postmaster_that_nobody_reaps_is_no_obstacle(wheel_server: Checkout) -> None:
    """As in a container whose first process adopts orphans and forgets them: here, that process is us."""
    libc = ctypes.CDLL(None)
    libc.prctl(SUBREAPER, 1, 0, 0, 0)
    try:
        wheel_server.do("start")
        killed = wheel_server.postmaster
        os.kill(killed, signal.SIGKILL)
        assert until(lambda: Path(f"/proc/{killed}/stat").read_text().split(") ")[1][0] == "Z")
        wheel_server.do("start")
        os.waitpid(killed, 0)
    finally:
        libc.prctl(SUBREAPER, 0, 0, 0, 0)


def test_the_socket_of_a_deep_checkout_is_elsewhere_and_short(folder: Path) -> None:
    deep = folder / ("long-nom-de-dossier/" * 6)
    with checkout(deep, {"ESPACE_POSTGRES": "wheel"}) as server:
        assert ask(server.do("start"), "SELECT 1") == [1]
        assert len(str(server.socket_folder / ".s.PGSQL.5432")) <= 103
        assert list(deep.glob(".data/postgresql/data-*"))


def test_a_command_may_have_the_server_for_itself(wheel_server: Checkout) -> None:
    """`run` stops the server that it started, hands on Ctrl-C, and leaves alone one that ran before."""
    wheel_server.do("run", "--", *wheel_server.command("status"))
    assert wheel_server.say("status").returncode == 3
    with wheel_server.background("run", "--", "sleep", "60") as running:
        assert until(lambda: wheel_server.say("status").returncode == 0)
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 128 + signal.SIGTERM
    assert wheel_server.say("status").returncode == 3
    wheel_server.do("start")
    assert wheel_server.say("run", "sh", "-c", "exit 7").returncode == 7
    assert wheel_server.say("status").returncode == 0


def test_changing_roads_changes_servers_and_keeps_both_sets_of_files(
    wheel_server: Checkout, machine_has_postgresql: bool
) -> None:
    if not machine_has_postgresql:
        pytest.skip(NO_POSTGRESQL)
    wheel_server.do("start")
    wheel_server.do("psql", "-qc", "CREATE TABLE kept ()")
    wheel_server.environment["ESPACE_POSTGRES"] = "machine"
    address = wheel_server.do("start")
    assert ask(address, "SELECT to_regclass('kept')") == [None]
    wheel_server.environment["ESPACE_POSTGRES"] = "wheel"
    assert ask(wheel_server.do("start"), "SELECT to_regclass('kept')::text") == ["kept"]


def test_with_nothing_installed_one_line_says_what_to_type(wheel_server: Checkout) -> None:
    """A bare Python (-S: without its packages), told not to use the machine's own server."""
    bare = subprocess.run(
        [sys.executable, "-S", *wheel_server.command("start")[1:]],
        capture_output=True,
        check=False,
        **wheel_server.settings(),
    )
    assert bare.returncode == 1
    assert bare.stderr.count("\n") == 1
    assert "introuvable : tapez « make setup »" in bare.stderr


def test_an_unknown_road_is_named(wheel_server: Checkout) -> None:
    wheel_server.environment["ESPACE_POSTGRES"] = "nuage"
    refused = wheel_server.say("start")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "« nuage »" in refused.stderr
