"""Which processes of a private server are really alive, whatever its `postmaster.pid` says.

A killed postmaster leaves its `postmaster.pid`, and for a while children that finish; where nobody reaps it,
it stays a zombie; and after a reboot its number may belong to another program. PostgreSQL only asks whether
the number exists, and then refuses to start. We look at what the process runs: a zombie has no command line
any more.
"""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path


def postmaster(data: Path) -> int | None:
    """Return the process that serves the directory `data`, or None when there is none alive."""
    pid = recorded_pid(data)
    if pid is None:
        return None
    command = command_lines().get(pid, "")
    return pid if str(data) in command and not command.startswith("postgres: ") else None


def end(data: Path, how: signal.Signals, patience: float) -> bool:
    """Ask the postmaster of `data` to stop (SIGINT: at once but cleanly, SIGQUIT: as in a crash).

    Returns whether it is gone after at most `patience` seconds.
    """
    deadline = time.monotonic() + patience
    if pid := postmaster(data):
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            os.kill(pid, how)
    while postmaster(data):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def children(cluster_name: str) -> list[int]:
    """Return the processes that a postmaster of this cluster started, recognised by their title."""
    title = f"postgres: {cluster_name}: "
    return [pid for pid, command in command_lines().items() if command.startswith(title)]


def recorded_pid(data: Path) -> int | None:
    """Return the number that `postmaster.pid` gives, or None without that file."""
    lines = status_lines(data)
    return int(lines[0]) if lines and lines[0].strip().isdigit() else None


def is_ready(data: Path) -> bool:
    """Whether `postmaster.pid` says that the server accepts connections."""
    lines = status_lines(data)
    return len(lines) >= 8 and lines[7].strip() == "ready"


def status_lines(data: Path) -> list[str]:
    """Return the lines of `postmaster.pid`, none when there is no such file."""
    try:
        return (data / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def command_lines() -> dict[int, str]:
    """Return the command line of each process that has one, by its number."""
    if not Path("/proc/self/cmdline").exists():
        return _command_lines_by_ps()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            raw = (folder / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # ended meanwhile, or hidden from us: not one of ours
        if command := raw.replace(b"\0", b" ").decode(errors="surrogateescape").strip():
            found[int(folder.name)] = command
    return found


def _command_lines_by_ps() -> dict[int, str]:
    """The same where there is no /proc (macOS, BSD)."""
    shown = subprocess.run(["ps", "-axww", "-o", "pid=,stat=,command="], capture_output=True, text=True, check=True)
    rows = [row.split(None, 2) for row in shown.stdout.splitlines()]
    return {int(row[0]): row[2] for row in rows if len(row) == 3 and not row[1].startswith("Z")}
