"""Lock 3 for the management site: every route of it, for everyone who is not of the team."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver

from tests.conftest import ClientFor
from tests.worlds import World


def admin_paths() -> list[str]:
    """A path for every route of the management site."""
    paths: list[str] = []

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> None:
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, path)
            else:
                for placeholder in ("<path:object_id>", "<int:pk>", "<int:content_type_id>"):
                    path = path.replace(placeholder, "1")
                paths.append("/gestion/" + path.replace("<path:url>", "x").replace("(?P<url>.*)$", "x"))

    walk(admin.site.urls[0], "")
    return paths


DOOR = {"/gestion/login/", "/gestion/logout/"}


def test_nobody_else_gets_in(world: World, client_for: ClientFor) -> None:
    """Whoever is not of the team is sent to the login, on every route, whatever the method."""
    paths = [path for path in admin_paths() if path not in DOOR]
    assert len(paths) > 100
    outsiders = [world.personas["administrator"], world.personas["standard"]]
    wrong = []
    for user in [None, *outsiders]:
        client = client_for(user)
        for path in paths:
            for answer in (client.get(path), client.post(path)):
                login = answer.status_code == 302 and "/?next=" in answer.headers["Location"]
                if not login:
                    wrong.append(f"{user} {path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
