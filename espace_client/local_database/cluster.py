"""Making, starting and stopping the private cluster of this checkout.

One data directory for each major version of PostgreSQL (`data-15`, `data-18`): when the programs change, the
older one stays where it is. Sorting is by code point and case follows Unicode, with either road: PostgreSQL's
own C.UTF-8 from 17 on, before that the C order with the UTF-8 character classes of the system.
"""

import shlex
import shutil
import signal
import socket
import sys
import time
from pathlib import Path

from . import processes
from .errors import DatabaseUnavailableError
from .place import DATABASE, PORT, ROLE, SOCKET_NAME, Place, held
from .programs import Programs

PATIENCE = 60.0  # seconds for a server to be ready, or for a killed one to be gone
CHARACTER_CLASSES = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
CREATE_DATABASE = f"CREATE DATABASE {DATABASE};\n"


def data_folder(place: Place, programs: Programs) -> Path:
    """Where the files of the cluster are, for this major version."""
    return place.home / f"data-{programs.major}"


def answers(place: Place, data: Path) -> bool:
    """Whether the server of `data` is ready and takes a connection on the socket of `place`."""
    if not processes.is_ready(data):
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(place.sockets / SOCKET_NAME))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


def ensure(place: Place, programs: Programs) -> None:
    """Have the server of `place` running with `programs`; do nothing when it already is."""
    data = data_folder(place, programs)
    if answers(place, data):
        return
    with held(place):
        if answers(place, data):
            return
        _stop_all(place, but=data)
        if not data.exists():
            _initialise(place, programs, data)
        if not _await_the_previous(place, data):
            _start(place, programs, data)


def stop(place: Place) -> bool:
    """Stop the server of `place` if there is one; return whether there was."""
    if not place.home.exists():
        return False
    with held(place):
        return _stop_all(place)


def remove(place: Place) -> None:
    """Stop the server of `place` and delete all that it kept."""
    stop(place)
    for folder in {place.home, place.sockets}:
        if folder.exists():
            shutil.rmtree(folder)


def initdb_options(programs: Programs) -> list[str]:
    """What both a kept and a throw-away cluster are made with.

    `trust` is for whoever can reach the socket, in a mode 700 directory: the account itself, and root.
    """
    options = ["--username", ROLE, "--encoding=UTF8", "--locale=C", f"--lc-ctype={CHARACTER_CLASSES}"]
    if programs.major >= 17:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [*options, "--no-instructions", "--auth-local=trust", "--auth-host=reject"]


def server_options(place_of_sockets: Path, cluster_name: str) -> list[str]:
    """What the server is started with, whatever its configuration file says."""
    return [
        *("-k", str(place_of_sockets)),
        *("-p", str(PORT)),
        *("-c", "listen_addresses="),
        *("-c", "unix_socket_permissions=0700"),
        *("-c", f"cluster_name={cluster_name}"),
        *("-c", "log_timezone=UTC"),
    ]


def _initialise(place: Place, programs: Programs, data: Path) -> None:
    """Make the cluster and its database beside `data`, then put them there: half-made is never seen."""
    draft = data.with_suffix(".new")
    if draft.exists():
        shutil.rmtree(draft)
    made = place.account.run(programs.folder / "initdb", "-D", draft, *initdb_options(programs))
    if made.returncode == 0:
        single = (programs.folder / "postgres", "--single", "-D", draft, "postgres")
        made = place.account.run(*single, text=CREATE_DATABASE)
    if made.returncode != 0:
        raise DatabaseUnavailableError(f"PostgreSQL n'a pas pu créer {data} : {last_line(made.stderr)}")
    draft.rename(data)


def _await_the_previous(place: Place, data: Path) -> bool:
    """Return whether a server of `data` is there and ready; if not, leave nothing of the previous one.

    A live postmaster (started by a process that was interrupted) is given time to be ready. The files of a
    dead one are removed once its last child is gone: never before, two servers on the same files would ruin
    them.
    """
    deadline = time.monotonic() + PATIENCE
    while processes.postmaster(data) or processes.children(place.cluster_name):
        if answers(place, data):
            return True
        if time.monotonic() > deadline:
            raise DatabaseUnavailableError(
                f"Un serveur PostgreSQL de {data} ne répond ni ne s'arrête depuis une minute "
                f"(processus {processes.recorded_pid(data)}) : arrêtez-le et relancez."
            )
        time.sleep(0.05)
    (data / "postmaster.pid").unlink(missing_ok=True)
    for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (place.sockets / name).unlink(missing_ok=True)
    return False


def _start(place: Place, programs: Programs, data: Path) -> None:
    """Start the server and wait until it is ready; it outlives this process and its terminal."""
    log = place.home / "server.log"
    log.unlink(missing_ok=True)
    options = shlex.join(server_options(place.sockets, place.cluster_name))
    pg_ctl = programs.folder / "pg_ctl"
    started = place.account.run(
        *(pg_ctl, "start", "-D", data, "-l", log, "-o", options, "-w", "-t", str(int(PATIENCE)))
    )
    if started.returncode != 0 or not answers(place, data):
        said = log.read_text(errors="replace") if log.exists() else started.stderr
        raise DatabaseUnavailableError(
            f"PostgreSQL n'a pas démarré : {last_line(said)} (journal : {log} ; pour repartir d'une base "
            "vide : « python -m espace_client.local_database remove »)"
        )


def _stop_all(place: Place, but: Path | None = None) -> bool:
    """Stop every server of `place` except that of the directory `but`; return whether there was one."""
    running = [data for data in place.home.glob("data-*") if data != but and processes.postmaster(data)]
    for data in running:
        if not processes.end(data, signal.SIGINT, PATIENCE):
            raise DatabaseUnavailableError(f"Le serveur PostgreSQL de {data} ne s'arrête pas : tuez-le.")
    return bool(running)


def last_line(text: str) -> str:
    """Return the line of `text` that says what went wrong: the last error, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line]
    return (errors or lines or ["sans autre précision"])[-1]
