"""Where the private server of this checkout keeps its files, and who may enter.

`<checkout>/.data/postgresql` when the account that runs PostgreSQL can use it, else
`/var/tmp/espace-client-<hash>` (a checkout under a mode 700 directory, a read-only one, one already used by
somebody else). The socket is in the same directory, or in the second one when the path of a deep checkout is
longer than a socket's may be. Either directory is mode 700: that is what keeps the machine's other accounts
out.
"""

import contextlib
import fcntl
import functools
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .account import Account, choose_account
from .errors import DatabaseUnavailableError

CHECKOUT = Path(__file__).resolve().parents[2]
SHORT_BASE = Path("/var/tmp") if os.path.isdir("/var/tmp") else Path("/tmp")
DATABASE = "espace_client"
ROLE = "espace"  # superuser of the private cluster, and of nothing else
PORT = 5432  # only a part of the socket's name: nothing listens on the network
SOCKET_NAME = f".s.PGSQL.{PORT}"
SOCKET_PATH_LIMIT = 103  # bytes: 107 on Linux, 103 on macOS
LOCK_PATIENCE = 120.0  # seconds


@dataclass(frozen=True)
class Place:
    """The directories of one server, and the account that owns them."""

    home: Path
    sockets: Path
    account: Account

    @property
    def cluster_name(self) -> str:
        """What PostgreSQL shows in the title of its processes; unique to this place."""
        return "espace-" + fingerprint(self.home)

    @property
    def url(self) -> str:
        """The address of the database on the server of this place."""
        return f"postgresql://{ROLE}@{quote(str(self.sockets), safe='')}:{PORT}/{DATABASE}"


def fingerprint(*parts: object) -> str:
    """Return a short name for `parts`, the same in every process."""
    return hashlib.sha256("\0".join(map(str, parts)).encode(errors="surrogateescape")).hexdigest()[:12]


def socket_fits(folder: Path) -> bool:
    """Whether a socket in `folder` has a path that the operating system takes."""
    return len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_LIMIT


@functools.cache
def locate() -> Place:
    """Return the place of this checkout's server, without creating anything."""
    own = CHECKOUT / ".data" / "postgresql"
    account = choose_account(own)
    short = SHORT_BASE / f"espace-client-{fingerprint(CHECKOUT, account.uid)}"
    home = own if _usable(own, account) else short
    return Place(home, home if socket_fits(home) else short, account)


def _usable(own: Path, account: Account) -> bool:
    """Whether `account` can keep its files in `own`, which may not exist yet."""
    if own.exists():
        mine = own.lstat().st_uid in {account.uid, os.geteuid()}
        return mine and account.can_enter(own.parent)
    parent = own.parent if own.parent.exists() else own.parent.parent
    return os.access(parent, os.W_OK | os.X_OK) and account.can_enter(parent)


@contextlib.contextmanager
def claimed(folder: Path, account: Account) -> Iterator[int]:
    """Make `folder` a mode 700 directory of `account` and yield a descriptor of it.

    Everything goes through the descriptor, so that nobody can put a link in its place meanwhile. Raises
    DatabaseUnavailableError when it is a link, or somebody else's.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise DatabaseUnavailableError(f"Le dossier {folder} est inutilisable : {error.strerror}.") from error
    try:
        found = os.fstat(descriptor)
        if found.st_uid not in {account.uid, os.geteuid()}:
            raise DatabaseUnavailableError(f"Le dossier {folder} appartient à un autre compte : supprimez-le.")
        if found.st_uid != account.uid:
            os.fchown(descriptor, account.uid, account.gid)
        os.fchmod(descriptor, 0o700)
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def held(place: Place) -> Iterator[None]:
    """Hold the place: one process at a time starts or stops its server.

    The lock is on the directory itself and dies with the process that holds it. Raises
    DatabaseUnavailableError when another process has kept it for two minutes.
    """
    if not place.home.parent.exists():
        place.home.parent.mkdir(exist_ok=True)
        place.home.parent.chmod(0o755)  # whatever the umask: the account has to pass
    with claimed(place.home, place.account) as descriptor, claimed(place.sockets, place.account):
        deadline = time.monotonic() + LOCK_PATIENCE
        while not take_lock(descriptor):
            if time.monotonic() > deadline:
                raise DatabaseUnavailableError(
                    f"Un autre processus garde {place.home} depuis deux minutes : arrêtez-le et relancez."
                )
            time.sleep(0.05)
        yield


def take_lock(descriptor: int) -> bool:
    """Try to lock what `descriptor` has open, until it is closed; return whether it is ours."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
