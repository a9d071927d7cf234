"""Three hundred accesses: found by a search, cut into pages that lose nobody, at the cost of three."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import escape, unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.access_listing import accesses_of, types_of
from accounts.access_pages import PER_PAGE
from accounts.document_types import DocumentType
from accounts.models import Access, Invitation, User
from accounts.roles import Role
from tests.conftest import ClientFor
from tests.worlds import World, give_access, make_user

LIST, REVIEW = reverse("access_list"), reverse("access_review")


@pytest.fixture
def browser(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


@pytest.fixture
def crowd(world: World) -> World:
    """130 more accesses to Lille and 40 invitations."""
    for rank in range(130):
        user = make_user(f"p{rank:03d}@armor.example", first_name="Élodie", last_name=f"Le Goff {rank:03d}")
        give_access(user, world.lille, Role.STANDARD, [DocumentType.FACTURE])
    for rank in range(40):
        Invitation.objects.create(
            email=f"i{rank:03d}@armor.example",
            establishment=world.lille,
            role=Role.STANDARD,
            document_types=["facture"],
            token_hash=f"{rank:064d}",
            invited_by=world.personas["administrator"],
            expires_at=timezone.now() + timedelta(days=3),
        )
    return world


def pages(browser: Client, url: str) -> Iterator[Any]:
    """The context of each page, following « Suivants »."""
    address = url
    while True:
        context = browser.get(address).context
        yield context
        if not context["page"].next_url:
            return
        address = url + context["page"].next_url


def shown(context: Any) -> list[tuple[str, int]]:
    """What a page shows, as kinds and ids."""
    found = []
    for place in context["places"]:
        found += [("access", row.access.pk) for row in place.rows]
        found += [("invitation", row.invitation.pk) for row in place.invitations]
    return found


def everything(world: World) -> list[tuple[str, int]]:
    accesses = Access.objects.filter(establishment=world.lille).values_list("pk", flat=True)
    invitations = Invitation.objects.filter(establishment=world.lille).values_list("pk", flat=True)
    return sorted([("access", pk) for pk in accesses] + [("invitation", pk) for pk in invitations])


def test_the_pages_show_everything_once(crowd: World, browser: Client) -> None:
    seen = [shown(context) for context in pages(browser, LIST)]
    assert [len(one) for one in seen] == [PER_PAGE, PER_PAGE, PER_PAGE, 174 - 3 * PER_PAGE]
    assert sorted(line for page in seen for line in page) == everything(crowd)
    back = browser.get(f"{LIST}?page=2").context["page"]
    assert (back.first, back.last, back.total, back.previous_url) == (51, 100, 174, "?page=1")


def test_the_review_shows_everything_but_oneself_once_what_waits_first(crowd: World, browser: Client) -> None:
    own = Access.objects.get(user=crowd.personas["administrator"])
    Access.objects.filter(user__email="p129@armor.example").update(granted_at=timezone.now() - timedelta(days=400))
    contexts = list(pages(browser, REVIEW))
    lines = [line for context in contexts for line in shown(context)]
    assert sorted(lines) == [line for line in everything(crowd) if line != ("access", own.pk)]
    waiting = [row.access.user.email for row in contexts[0]["sections"][0][1]]
    assert {"p129@armor.example", "delegue@armor.example"} <= set(waiting)
    assert len(waiting) == contexts[0]["waiting"] == contexts[-1]["waiting"]


@pytest.mark.parametrize("url", [LIST, REVIEW])
def test_the_heading_counts_the_invitations_of_other_pages_too(url: str, crowd: World, browser: Client) -> None:
    texts = [browser.get(f"{url}?page={number}").text for number in range(1, 5)]
    told = [text for text in texts if "invitations en attente" in text]
    assert told
    assert all("40 invitations en attente" in text for text in told)


@pytest.mark.parametrize("url", [LIST, REVIEW])
def test_a_page_costs_the_same_whatever_their_number(url: str, crowd: World, browser: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            assert browser.get(url).status_code == 200
        return len(counted)

    before = queries()
    for rank in range(60):
        give_access(make_user(f"q{rank}@armor.example"), crowd.lille, Role.STANDARD, [DocumentType.CONVENTION])
    assert queries() == before <= 11


def emails(context: Any) -> set[str]:
    return {row.access.user.email for place in context["places"] for row in place.rows}


@pytest.mark.parametrize("url", [LIST, REVIEW])
@pytest.mark.parametrize("words", ["élodie le goff 117", "GOFF 117 elodie", "p117@armor"])
def test_somebody_is_found_by_name_or_address(words: str, url: str, crowd: World, browser: Client) -> None:
    context = browser.get(url, {"q": words}).context
    assert emails(context) == {"p117@armor.example"}
    assert context["page"].total == 1


def test_an_invitation_is_found_by_its_address(crowd: World, browser: Client) -> None:
    page = browser.get(LIST, {"q": "i017"})
    assert [kind for kind, _pk in shown(page.context)] == ["invitation"]
    assert "Une invitation en attente" in page.text


def test_a_level_and_an_establishment_narrow(crowd: World, client_for: ClientFor) -> None:
    both = crowd.personas["member_of_two"]
    Access.objects.filter(user=both).update(role=Role.ADMINISTRATOR)
    other = give_access(make_user("nice@armor.example"), crowd.nice, Role.STANDARD, [DocumentType.FACTURE])
    browser = client_for(both)
    administrators = browser.get(LIST, {"niveau": "administrator"}).context
    assert emails(administrators) == {
        "administratrice@armor.example",
        "deux@armor.example",
        "delegue@armor.example",
    }
    in_nice = browser.get(LIST, {"etablissement": str(crowd.nice.pk), "niveau": "standard"}).context
    assert shown(in_nice) == [("access", other.pk)]
    assert [place.establishment for place in in_nice["places"]] == [crowd.nice]


def test_a_search_is_not_a_way_to_other_establishments(crowd: World, browser: Client) -> None:
    for search in ({"q": "voisin"}, {"q": "brume"}, {"etablissement": str(crowd.nice.pk), "q": "deux"}):
        assert "voisin@brume.example" not in browser.get(LIST, search).text
    page = browser.get(LIST, {"q": "personne de ce nom"})
    assert "Personne ne correspond à cette recherche" in page.text
    assert shown(page.context) == []


@pytest.mark.parametrize("asked", ["0", "-3", "abc", "9" * 20, "99", "²", ""])
def test_a_page_that_does_not_exist_is_the_nearest_that_does(asked: str, crowd: World, browser: Client) -> None:
    context = browser.get(LIST, {"page": asked}).context
    assert context["page"].first == (151 if asked == "99" else 1)
    assert shown(context)


def test_few_accesses_need_no_search(world: World, browser: Client) -> None:
    page = browser.get(LIST)
    assert page.context["filters"] is None
    assert 'role="search"' not in page.text.split("<main")[1]
    assert browser.get(LIST, {"q": "comptable"}).context["filters"] is not None


def test_confirming_what_a_search_found_comes_back_to_it_and_confirms_nobody_else(
    crowd: World, browser: Client
) -> None:
    Access.objects.update(reviewed_at=None)
    found = Access.objects.get(user=User.objects.get(email="p117@armor.example"))
    url = f"{REVIEW}?q=p117"
    assert [row.access for row in browser.get(url).context["sections"][0][2]] == [found]
    answer = browser.post(url, {"acces": [found.pk]})
    assert answer["Location"] == url
    assert Access.objects.exclude(reviewed_at=None).get() == found


def way(page: Any, name: str, pk: int) -> str:
    """The address of the link or form of the page that leads to `name` of this line."""
    return unescape(
        next(
            found
            for found in re.findall(r'(?:href|action)="([^"]+)"', page.text)
            if found.startswith(reverse(name, args=[pk]))
        )
    )


@pytest.mark.parametrize("left", [f"{LIST}?q=le+go&page=2", f"{REVIEW}?q=le+go&page=2"])
def test_after_a_removal_one_is_back_where_one_was(left: str, crowd: World, browser: Client) -> None:
    page = browser.get(left)
    [kind, pk] = shown(page.context)[0]
    assert kind == "access"
    question = browser.get(way(page, "access_remove", pk))
    assert f'href="{escape(left)}"' in question.text
    answer = browser.post(question.request["PATH_INFO"] + "?" + question.request["QUERY_STRING"])
    assert (answer.status_code, answer["Location"]) == (302, left)
    assert not Access.objects.filter(pk=pk).exists()


def test_after_a_change_one_is_back_where_one_was(crowd: World, browser: Client) -> None:
    left = f"{LIST}?q=p117"
    page = browser.get(left)
    access = Access.objects.get(user__email="p117@armor.example")
    url = way(page, "access_change", access.pk)
    assert left in browser.get(url).text
    question = browser.post(url, {"role": "standard", "preset": "choix", "types": ["facture", "convention"]})
    answer = browser.post(question.context["action"], {"role": "standard", "preset": "choix", "types": ["convention"]})
    assert answer["Location"] == left
    changed = accesses_of(crowd.personas["administrator"]).get(pk=access.pk)
    assert types_of(changed) == {DocumentType.CONVENTION}
    assert browser.get(reverse("access_change", args=[access.pk])).context["back_url"] == LIST


def test_after_an_invitation_was_revoked_one_is_back_where_one_was(crowd: World, browser: Client) -> None:
    left = f"{LIST}?q=i007"
    invitation = Invitation.objects.get(email="i007@armor.example")
    url = way(browser.get(left), "invitation_revoke", invitation.pk)
    assert browser.post(url)["Location"] == left


@pytest.mark.parametrize("asked", ["//mal.example", "https://mal.example/", "/gestion/?q=a", "q=a\r\nX-Mal: 1", "\0"])
def test_no_address_leads_out_of_the_list(asked: str, crowd: World, browser: Client) -> None:
    access = Access.objects.get(user__email="p117@armor.example")
    answer = browser.post(reverse("access_remove", args=[access.pk]) + "?" + urlencode({"retour": asked}))
    assert answer.status_code == 302
    assert urlsplit(answer["Location"])[:3] == ("", "", LIST)
