"""Which operating system account runs PostgreSQL, and how a command is run as that account.

PostgreSQL refuses to run as root. From a root shell it runs as the owner of the data if there is already
some, else as `postgres`, else as `nobody`: accounts that exist; none is ever created or changed.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypedDict

from .errors import DatabaseUnavailableError

COMMAND_TIMEOUT = 180  # seconds; the longest is a start that replays a crash
# Messages in English whatever the shell's language, and nothing of PGHOST, PGDATA, PGOPTIONS...
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


class Setting(TypedDict):
    """How `subprocess` starts a program as an account, apart from our directory, umask and variables."""

    user: int | None
    group: int | None
    extra_groups: tuple[int, ...] | None
    cwd: str
    env: dict[str, str]
    umask: int
    encoding: str
    errors: str


@dataclass(frozen=True)
class Account:
    """An unprivileged account: the one we are, or from a root shell the one we become."""

    uid: int
    gid: int

    @property
    def setting(self) -> Setting:
        """The arguments of `subprocess` that make a child process this account."""
        become = os.geteuid() != self.uid
        return Setting(
            user=self.uid if become else None,
            group=self.gid if become else None,
            extra_groups=() if become else None,
            cwd="/",
            env=ENVIRONMENT,
            umask=0o077,
            encoding="utf-8",
            errors="replace",
        )

    def run(
        self, *command: str | Path, text: str = "", file: IO[bytes] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` as this account, with `text` or the content of `file` as its input, and wait for it.

        Raises DatabaseUnavailableError when it may not become the account or takes three minutes, OSError when the
        account cannot execute the program.
        """
        line = [str(part) for part in command]
        given = text if file is None else None
        try:
            return subprocess.run(
                line,
                input=given,
                stdin=file,
                capture_output=True,
                timeout=COMMAND_TIMEOUT,
                check=False,
                **self.setting,
            )
        except subprocess.SubprocessError as error:
            raise DatabaseUnavailableError(f"« {command[0]} » n'a pas abouti : {error}.") from error

    def can_enter(self, folder: Path) -> bool:
        """Whether the account may traverse `folder` and all that leads to it."""
        return self.run("/bin/sh", "-c", 'cd "$1" 2>/dev/null', "sh", folder).returncode == 0

    def can_write(self, folder: Path) -> bool:
        """Whether the account may create something in `folder`."""
        return self.run("/bin/sh", "-c", 'cd "$1" 2>/dev/null && test -w .', "sh", folder).returncode == 0


def choose_account(home: Path) -> Account:
    """Return the account that runs PostgreSQL when its files are in `home`.

    Raises DatabaseUnavailableError from a root shell on a machine with none to become.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    owner = home.lstat().st_uid if home.is_dir() else 0
    for found in (_by_uid(owner), _by_name("postgres"), _by_name("nobody")):
        if found is not None and found.uid != 0:
            return found
    raise DatabaseUnavailableError(
        "PostgreSQL refuse de tourner sous root, et ni « postgres » ni « nobody » n'existent ici : relancez "
        " la commande depuis un compte ordinaire, ou indiquez votre serveur dans DATABASE_URL."
    )


def _by_uid(uid: int) -> Account | None:
    """Return the account numbered `uid`, or None when the machine has none."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)


def _by_name(name: str) -> Account | None:
    """Return the account called `name`, or None when the machine has none."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)
