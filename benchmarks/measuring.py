"""Measure each page of each persona in each world, always right after the floor, so that drift touches both alike."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.databases import Database
from benchmarks.personas import Browser
from benchmarks.serving import Server, Timing, watched

FLOOR = "/vide/"
WARM_UP = 5


@dataclass
class Series:
    """The timings of one page for one persona in one world, each with that of the floor taken just before."""

    world: str
    persona: str
    page: str
    queries: int = 0
    database: list[float] = field(default_factory=list)
    floor: list[Timing] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)

    @property
    def clock(self) -> float:
        """Median, in milliseconds."""
        return median(timing.clock for timing in self.timings)

    @property
    def floor_clock(self) -> float:
        """Median of the floor, in milliseconds."""
        return median(timing.clock for timing in self.floor)

    @property
    def ratio(self) -> float:
        """How many times the floor."""
        return self.clock / self.floor_clock

    @property
    def processor_ratio(self) -> float:
        """The same ratio of this process's processor time, in which another program's work does not show."""
        return median(timing.processor for timing in self.timings) / median(timing.processor for timing in self.floor)


@dataclass(frozen=True)
class Site:
    """A world being served: its database, and who is logged in."""

    database: Database
    browsers: list[Browser]


def measure(sites: Sequence[Site], rounds: int, pages: Sequence[str] = ()) -> list[Series]:
    """`rounds` timings of every page (or of `pages`), the worlds taking turns."""
    server = Server()
    plan = [(site, browser, page) for site, browser, page in _combinations(sites) if not pages or page in pages]
    found = [Series(site.database.name, browser.persona, page) for site, browser, page in plan]
    for series, (site, browser, page) in zip(found, plan, strict=True):
        with site.database.in_use():
            _warm_up(server, series, browser, page)
    gc.collect()
    gc.freeze()  # what is there now is not looked at again, as in a worker that has run for a while
    for _round in range(rounds):
        for series, (site, browser, page) in zip(found, plan, strict=True):
            with site.database.in_use():
                series.floor.append(server.get(FLOOR, browser.cookie))
                series.timings.append(server.get(browser.paths[page], browser.cookie))
    gc.unfreeze()
    return found


def _combinations(sites: Sequence[Site]) -> Iterator[tuple[Site, Browser, str]]:
    """Page by page, the same persona in one world then in the other."""
    for rank, browser in enumerate(sites[0].browsers):
        for page in browser.paths:
            for site in sites:
                yield site, site.browsers[rank], page


def _warm_up(server: Server, series: Series, browser: Browser, page: str) -> None:
    """Fill the caches of the process and of PostgreSQL, and count the queries meanwhile."""
    server.get(FLOOR, browser.cookie)
    for _time in range(WARM_UP):
        with watched() as queries:
            server.get(browser.paths[page], browser.cookie)
        series.database.append(queries.milliseconds)
        series.queries = len(queries.statements)
