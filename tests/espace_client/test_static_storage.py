"""Collected static files: one stylesheet, hashed names, and nothing fetched from elsewhere."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.template import Context, Template
from pytest_django import Settings

from espace_client.static_storage import STYLESHEETS

TAG = "{% load portal %}{% stylesheets %}"


@pytest.fixture
def collected(settings: Settings, tmp_path: Path) -> Path:
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "espace_client.static_storage.BundlingStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_a_visitor_fetches_one_stylesheet_that_holds_them_all(collected: Path) -> None:
    links = re.findall(r'href="/static/([^"]+)"', Template(TAG).render(Context()))
    assert len(links) == 1
    css = (collected / links[0]).read_text()
    for name in STYLESHEETS:
        first_rule = (Path("static") / name).read_text().split("\n", 1)[0]
        assert first_rule in css
    assert (collected / f"{links[0]}.br").exists()


def test_fonts_are_reached_by_their_hashed_names(collected: Path) -> None:
    css = next((collected / "css").glob("app.????????????.css"))
    fonts = re.findall(r'url\("([^"]+)"\)', css.read_text())
    assert fonts
    for font in fonts:
        assert re.search(r"\.[0-9a-f]{12}\.woff2$", font)
        assert (css.parent / font).resolve().exists()


def test_without_collection_the_parts_are_linked() -> None:
    links = re.findall(r'href="/static/([^"]+)"', Template(TAG).render(Context()))
    assert links == list(STYLESHEETS)


def test_the_stylesheets_ask_nothing_from_another_host() -> None:
    for name in STYLESHEETS:
        css = (Path("static") / name).read_text()
        assert "http" not in css
        assert "@import" not in css
