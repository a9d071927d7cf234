"""A cluster for one test run: fast, never flushed to disk, and gone with the process that asked for it.

A small shell, run as the account, makes the cluster, starts it, then waits for the end of its input: a pipe
whose other end is ours. However we end (return, exception, Ctrl-C, SIGTERM, SIGKILL), the pipe closes and the
shell stops the server and deletes its files. If the shell is killed too, the next run finds the files and
deletes them.
"""

import contextlib
import os
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from . import processes
from .account import Account
from .cluster import CREATE_DATABASE, initdb_options, last_line, server_options
from .errors import DatabaseUnavailableError
from .place import DATABASE, PORT, ROLE, Place, claimed, fingerprint, socket_fits, take_lock
from .programs import Programs

PREFIX = "espace-client-jetable-"
YOUNG = 60.0  # seconds during which a directory without a lock may be one that is being made
STOP_PATIENCE = 90.0  # seconds
SUPERVISOR = """
programs=$1 folder=$2 options=$3 database=$4
shift 4
trap '"$programs/pg_ctl" stop -D "$folder/data" -m immediate -w -s; rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"$programs/initdb" -D "$folder/data" --no-sync "$@" &&
printf '%s' "$database" | "$programs/postgres" --single -F -D "$folder/data" postgres &&
"$programs/pg_ctl" start -D "$folder/data" -l "$folder/log" -o "$options" -w -s &&
echo READY ||
{ cat "$folder/log"; exit 1; }
read -r _
"""
FAST = (
    *("-F", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "wal_level=minimal"),
    *("-c", "max_wal_senders=0", "-c", "max_wal_size=4GB", "-c", "checkpoint_timeout=1h"),
)


@contextlib.contextmanager
def throwaway_cluster(place: Place, programs: Programs) -> Iterator[str]:
    """Yield the address of an empty database on a new server, which lives as long as the `with` block.

    Raises DatabaseUnavailableError when the server does not start.
    """
    account = place.account
    base = _scratch(account)
    _sweep(base, account)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    try:
        with claimed(folder, account) as descriptor:
            take_lock(descriptor)  # says to other runs that this directory is in use
            with _supervised(folder, account, programs):
                yield f"postgresql://{ROLE}@{quote(str(folder), safe='')}:{PORT}/{DATABASE}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # usually gone already


@contextlib.contextmanager
def _supervised(folder: Path, account: Account, programs: Programs) -> Iterator[None]:
    """Run the shell described above; by the end of the block it has stopped the server."""
    options = shlex.join([*server_options(folder, f"espace-{fingerprint(folder)}"), *FAST])
    arguments = [programs.folder, folder, options, CREATE_DATABASE, *initdb_options(programs)]
    with subprocess.Popen(
        ["/bin/sh", "-c", SUPERVISOR, "sh", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # the Ctrl-C of the terminal is for us; the shell stops after us
        **account.setting,
    ) as shell:
        try:
            _await_ready(shell)
            yield
        finally:
            if shell.stdin:
                shell.stdin.close()
            shell.wait(STOP_PATIENCE)


def _await_ready(shell: subprocess.Popen[str]) -> None:
    """Read what the shell prints until the server is ready; raise DatabaseUnavailableError when it ends
    before."""
    said = ""
    for line in shell.stdout or ():
        if line == "READY\n":
            return
        said += line
    raise DatabaseUnavailableError(f"PostgreSQL (base jetable) n'a pas démarré : {last_line(said)}")


def _scratch(account: Account) -> Path:
    """Return a temporary directory that the account can write in and whose path leaves room for a
    socket's."""
    for base in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):
        if socket_fits(base / f"{PREFIX}12345678") and account.can_write(base):
            return base
    raise DatabaseUnavailableError("Aucun dossier temporaire utilisable (TMPDIR, /tmp, /var/tmp) pour la base jetable.")


def _sweep(base: Path, account: Account) -> None:
    """Stop and delete what a run that was killed along with its shell left in `base`."""
    for folder in base.glob(f"{PREFIX}*"):
        with contextlib.suppress(FileNotFoundError):  # its own shell deleted it meanwhile
            found = folder.lstat()
            ours = stat.S_ISDIR(found.st_mode) and found.st_uid in {account.uid, os.geteuid()}
            if ours and time.time() - found.st_mtime > YOUNG:
                _delete_if_abandoned(folder)


def _delete_if_abandoned(folder: Path) -> None:
    """Stop the server in `folder` and delete it, unless the run that made it is still there."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if take_lock(descriptor) and processes.end(folder / "data", signal.SIGQUIT, STOP_PATIENCE):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
