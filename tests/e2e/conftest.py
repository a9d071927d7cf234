"""A real Chromium on a live server. Without one these tests are left out, and `make test` says so."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.worlds import PASSWORD, World, make_world

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next((path for path in map(shutil.which, NAMES) if path), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here, and leave it out where there is no browser."""
    for item in items:
        if "tests/e2e" in str(item.path):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.skipif(CHROMIUM is None, reason="aucun Chromium sur cette machine"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright's synchronous API runs an event loop in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Watched:
    """What must not happen while a page is used: errors in the console, and requests to another host."""

    host: str
    errors: list[str] = field(default_factory=list)
    bytes_received: int = 0

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._check_host(request.url))
        page.on("response", self._weigh)

    def _check_host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.netloc != self.host:
            self.errors.append(f"request to another host: {url}")

    def _weigh(self, response: Response) -> None:
        self.bytes_received += int(response.headers.get("content-length", 0))


OpenPage = Callable[..., Page]


@pytest.fixture
def live_world(transactional_db: None) -> World:
    """The tenants and personas, committed, so that the live server sees them."""
    cache.clear()
    return make_world()


@pytest.fixture
def watched(live_server: LiveServer) -> Watched:
    return Watched(urlsplit(live_server.url).netloc)


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer, watched: Watched) -> Iterator[OpenPage]:
    """`open_page(user, width=390, javascript=False)`: a page of a browser of its own, logged in through the form."""
    contexts: list[BrowserContext] = []

    def make(user: User | None = None, *, width: int = 1440, javascript: bool = True, scheme: str = "light") -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
            color_scheme="dark" if scheme == "dark" else "light",
            locale="fr-FR",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        watched.watch(page)
        if user is not None:
            page.goto("/connexion/")
            page.fill("input[name=login]", user.email)
            page.fill("input[name=password]", PASSWORD)
            page.click("main button[type=submit]")
            page.wait_for_url("**/tableau-de-bord/")
        return page

    yield make
    for context in contexts:
        context.close()
