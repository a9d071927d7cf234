"""Checkouts to try the launcher on, on each road where that matters."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .private_checkout import Checkout, checkout, reachable_folder

NO_POSTGRESQL = "cette machine n'a pas de PostgreSQL 15 ou plus avec unaccent et pg_trgm"


@pytest.fixture(params=["machine", "wheel"])
def road(request: pytest.FixtureRequest, machine_has_postgresql: bool) -> str:
    """Each of the two origins of the programs; the machine's only where it has one."""
    if request.param == "machine" and not machine_has_postgresql:
        pytest.skip(NO_POSTGRESQL)
    return str(request.param)


@pytest.fixture(scope="session")
def machine_has_postgresql(tmp_path_factory: pytest.TempPathFactory) -> bool:
    with checkout(tmp_path_factory.mktemp("probe") / "c", {"ESPACE_POSTGRES": "machine"}) as probe:
        return "introuvable" not in probe.say("status").stderr


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_folder() as made:
        yield made


@pytest.fixture
def server(folder: Path, road: str) -> Iterator[Checkout]:
    """A checkout that every account can enter, with nothing started."""
    with checkout(folder / "c", {"ESPACE_POSTGRES": road}) as made:
        yield made


@pytest.fixture
def wheel_server(folder: Path) -> Iterator[Checkout]:
    """The same where one of the two roads is enough."""
    with checkout(folder / "c", {"ESPACE_POSTGRES": "wheel"}) as made:
        yield made


@pytest.fixture(scope="module")
def running() -> Iterator[Checkout]:
    """A started server, for tests that only look."""
    with reachable_folder() as made, checkout(made / "c", {"ESPACE_POSTGRES": "wheel"}) as server:
        server.do("start")
        yield server
