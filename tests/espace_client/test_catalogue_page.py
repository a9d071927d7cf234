"""The page of the catalogue: its address is its state, nonsense is told and ignored, prices are the reader's own."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalogue import facets
from catalogue.models import Course, CourseKind, CourseMode, Domain, SessionState
from catalogue.words import update_words
from tests.accords import make_accord, make_line
from tests.catalogue.courses import coming, make_course, make_domain
from tests.conftest import ClientFor
from tests.worlds import World

URL = "/catalogue/"


@pytest.fixture
def parent(world: World) -> Domain:
    return make_domain("Systèmes")


@pytest.fixture
def linux(world: World, parent: Domain) -> Course:
    """A course of a sub-domain, beside the one that the world has; both with a session to come."""
    made = make_course(
        "Linux, prise en main", make_domain("Linux", parent), mode=CourseMode.REMOTE, public_price=Decimal("2000.00")
    )
    coming(made, 15, SessionState.GUARANTEED, city="Nantes")
    update_words()
    return made


@pytest.fixture
def visitor(client_for: ClientFor) -> Client:
    return client_for(None)


def titles(client: Client, **query: Any) -> list[str]:
    answer = client.get(URL, query)
    assert answer.status_code == 200
    return [course.title for course in answer.context["shown"].courses]


PYTHON, LINUX = "Python, les bases", "Linux, prise en main"


def test_each_filter_narrows(world: World, linux: Course, parent: Domain, visitor: Client) -> None:
    assert titles(visitor) == [LINUX, PYTHON]
    begins = timezone.localdate() + timedelta(days=15)
    for query in (
        {"domaine": parent.code},
        {"domaine": linux.domain.code},
        {"modalite": "a-distance"},
        {"lieu": "Nantes"},
        {"sessions": "garanties"},
        {"prix_min": "1600"},
        {"du": begins.isoformat()},
        {"du": f"{begins:%d/%m/%Y}"},
    ):
        assert titles(visitor, **query) == [LINUX], query
    for query in ({"modalite": "presentiel"}, {"lieu": "Lille"}, {"prix_max": "1600"}, {"sessions": "confirmees"}):
        assert titles(visitor, **query) == [PYTHON], query
    assert titles(visitor, mois=f"{begins:%Y-%m}", lieu="Nantes") == [LINUX]
    assert titles(visitor, lieu=["Nantes", "Lille"], tri="-prix") == [LINUX, PYTHON]
    assert titles(visitor, certification="oui") == []
    assert titles(visitor, duree=["3", "5"]) == [LINUX, PYTHON]


SORT_VALUE = re.compile(r'<option value="([^"]*)" selected>([^<]*)</option>')


def test_the_usual_sort_changes_with_the_words(world: World, parent: Domain, linux: Course, visitor: Client) -> None:
    """Whoever types in the catalogue sorted by title gets what fits best first, and the list of sorts says so."""
    make_course("Atelier système", parent, objectives="Découvrir Linux.")
    for headers in ({}, {"HX-Request": "true"}):
        before = visitor.get(URL, headers=headers).text
        assert ("", "Titre") in SORT_VALUE.findall(before)
        answer = visitor.get(URL, {"q": "linux", "tri": ""}, headers=headers)
        assert ("", "Pertinence") in SORT_VALUE.findall(answer.text)
        chosen = visitor.get(URL, {"q": "linux", "tri": "titre"}, headers=headers)
        assert ("titre", "Titre") in SORT_VALUE.findall(chosen.text)
    best = "<mark>Linux</mark>, prise en main"
    assert titles(visitor, q="linux", tri="") == [best, "Atelier système"]
    assert titles(visitor, q="linux", tri="titre") == ["Atelier système", best]


def test_each_filter_has_its_word_and_the_address_without_it(world: World, linux: Course, visitor: Client) -> None:
    answer = visitor.get(URL, {"q": "linux", "lieu": ["Nantes", "Lille"], "prix_max": "3000", "tri": "prix"})
    chips = {chip.label: chip.url for chip in answer.context["shown"].chips}
    assert set(chips) == {"«\u00a0linux\u00a0»", "Nantes", "Lille", "3000 € au plus"}
    assert "lieu=Lille" in chips["Nantes"]
    assert "lieu=Nantes" not in chips["Nantes"]
    assert "tri=prix" in chips["Nantes"]
    assert "q=" not in chips["«\u00a0linux\u00a0»"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"lieu": "Atlantide"}, "«\u00a0Atlantide\u00a0»"),
        ({"domaine": "<script>"}, "&lt;script&gt;"),
        ({"mois": "1850-01"}, "1850-01"),
        ({"couleur": "bleu"}, "Le filtre «\u00a0couleur\u00a0» n’existe pas"),
        ({"prix_min": "cher"}, "«\u00a0cher\u00a0»"),
        ({"prix_min": "-1"}, "«\u00a0-1\u00a0»"),
        ({"prix_max": "9" * 400}, "Prix public jusqu’à"),
        ({"prix_min": "900", "prix_max": "100"}, "900 € est plus que 100 €"),
        ({"du": "2027-13-45"}, "2027-13-45"),
        ({"du": "2027-05-01", "au": "2027-01-01"}, "vient après"),
        ({"q": "python linux " * 800}, "coupée à ses 100 premiers caractères"),
        ({"page": "99"}, "Cette page n’existe pas"),
        ({"page": "abc"}, "La page «\u00a0abc\u00a0» n’existe pas"),
        ({"page": "0"}, "La page «\u00a00\u00a0» n’existe pas"),
        ({"tri": "xyz"}, "Le tri «\u00a0xyz\u00a0» n’existe pas"),
        ({"tri": "pertinence"}, "Le tri par pertinence a été ignoré"),
    ],
)
def test_nonsense_is_ignored_with_a_word(
    query: dict[str, str], told: str, world: World, linux: Course, visitor: Client
) -> None:
    answer = visitor.get(URL, query)
    assert answer.status_code == 200
    assert told in answer.text
    assert "<script>" not in answer.text.replace("<script type", "").replace("<script src", "")
    if "q" not in query:
        assert len(answer.context["shown"].courses) == 2, "what is ignored hides nothing"


def test_one_domain_at_a_time_and_the_other_is_told(world: World, linux: Course, visitor: Client) -> None:
    other = Domain.objects.create(code="AUTRE", label="Autre domaine")
    make_course("Autre formation", other)
    answer = visitor.get(URL, {"domaine": [linux.domain.code, other.code]})
    assert "Un seul domaine à la fois" in answer.text
    assert other not in {course.domain for course in answer.context["shown"].courses}


@pytest.mark.parametrize(
    "query",
    [
        "page=abc", "page=-1", "page=0", "page=" + "9" * 50, "page=%C2%B2", "tri=nonsense", "tri=pertinence", "q=%00",
        "q=%FF%FE", "q=%25", "q='; DROP TABLE catalogue_course; --", "lieu=a&" * 300, "q[]=1", "%FF=1", "utm_source=x",
        "domaine=1&domaine=2", "du=&au=&prix_min=&q=",
    ],
)  # fmt: skip
def test_hostile_addresses_answer_like_others(query: str, world: World, linux: Course, visitor: Client) -> None:
    assert visitor.get(f"{URL}?{query}").status_code == 200


def test_what_others_add_to_links_is_not_worth_a_word(world: World, visitor: Client) -> None:
    assert "ignoré" not in visitor.get(URL, {"utm_source": "lettre", "gclid": "1"}).text


def test_pages_are_numbered_and_lead_to_each_other(world: World, parent: Domain, visitor: Client) -> None:
    for rank in range(60):
        make_course(f"Atelier {rank:02}", parent)
    seen: list[int] = []
    address = "?tri=titre"
    while address:
        context = visitor.get(URL + address).context
        seen += [course.pk for course in context["shown"].courses]
        address = context["shown"].page.next_url
    assert len(seen) == len(set(seen)) == 61
    assert (context["shown"].page.first, context["shown"].page.last, context["shown"].page.total) == (51, 61, 61)
    assert visitor.get(URL + context["shown"].page.previous_url).context["shown"].page.first == 26


def test_a_misspelt_search_says_what_to_try(world: World, linux: Course, visitor: Client) -> None:
    answer = visitor.get(URL, {"q": "pyhton"})
    assert "Essayez plutôt" in answer.text
    assert 'href="?q=python"' in answer.text
    assert [course.pk for course in answer.context["shown"].courses] == [world.sessions[0].course_id]


def test_finding_nothing_says_what_to_do(world: World, visitor: Client) -> None:
    answer = visitor.get(URL, {"q": "zzzqqq"})
    assert "Aucune formation ne correspond" in answer.text
    assert "Voir tout le catalogue" in answer.text
    Course.objects.update(in_catalogue=False)
    assert "encore vide" in visitor.get(URL).text


def test_htmx_gets_the_part_that_changes_and_caches_know(world: World, visitor: Client) -> None:
    whole = visitor.get(URL, {"q": "python"})
    part = visitor.get(URL, {"q": "python"}, headers={"HX-Request": "true"})
    again = visitor.get(URL, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in whole.text
    assert "<html" in again.text
    assert "<html" not in part.text
    for identifier in ("results", "domaines", "filtres-ouvrir"):
        assert f'id="{identifier}"' in part.text
    assert "HX-Request" in whole["Vary"]
    assert part["Cache-Control"] == "no-store"


def test_what_search_engines_may_keep(world: World, parent: Domain, linux: Course, visitor: Client) -> None:
    def head(**query: str) -> str:
        return visitor.get(URL, query).text.split("</head>")[0]

    assert f'<link rel="canonical" href="{settings.SITE_URL}/catalogue/">' in head()
    assert "noindex" not in head(domaine=parent.code)
    assert f"/catalogue/?domaine={parent.code}" in head(domaine=parent.code, tri="prix")
    assert "noindex" in head(q="python")


def test_sub_domains_open_with_their_domain(world: World, parent: Domain, linux: Course, visitor: Client) -> None:
    def links(**query: str) -> list[tuple[str, str, bool, bool]]:
        """Of each domain: its address, its words, whether it is below another, whether it is the one chosen."""
        nav = visitor.get(URL, query).content.decode().partition('id="domaines"')[2].partition("</nav>")[0]
        found = re.findall(r'<li( class="below")?>\s*<a href="([^"]*)"( aria-current="true")?>([^<]*)', nav)
        return [(unescape(url), words.strip(), bool(below), bool(current)) for below, url, current, words in found]

    def labels(**query: str) -> list[tuple[str, bool, bool]]:
        return [link[1:] for link in links(**query)]

    assert labels() == [("Développement", False, False), ("Systèmes", False, False)]
    opened = labels(domaine=linux.domain.code, q="linux")
    assert opened == [("Développement", False, False), ("Systèmes", False, False), ("Linux", True, True)]
    urls = [link[0] for link in links(q="a b", page="1")]
    assert urls[1] == f"?q=a+b&domaine={parent.code}"


def test_withdrawn_and_bespoke_courses_are_nowhere(world: World, linux: Course, visitor: Client) -> None:
    for change in ({"in_catalogue": False}, {"kind": CourseKind.BESPOKE}):
        Course.objects.filter(pk=linux.pk).update(**{"in_catalogue": True, "kind": CourseKind.INTER} | change)
        facets.forget()
        assert LINUX not in visitor.get(URL).text
        assert visitor.get(reverse("course_detail", args=[linux.pk])).status_code == 404
        assert visitor.get(reverse("course_programme", args=[linux.pk])).status_code == 404
        assert f"/catalogue/{linux.pk}/" not in visitor.get("/sitemap.xml").text
        assert "Nantes" not in visitor.get(URL).text, "the places are those of courses that are shown"


def test_the_choices_are_read_anew_after_a_minute(
    world: World, linux: Course, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Nantes" in visitor.get(URL).text
    Course.objects.filter(pk=linux.pk).update(in_catalogue=False)
    assert "Nantes" in facets.facets(timezone.localdate()).cities, "kept"
    monkeypatch.setattr(facets, "SECONDS", -1)
    assert "Nantes" not in facets.facets(timezone.localdate()).cities


def test_an_intra_course_has_no_public_session(world: World, linux: Course, visitor: Client) -> None:
    Course.objects.filter(pk=linux.pk).update(kind=CourseKind.INTRA)
    facets.forget()
    assert titles(visitor, lieu="Nantes") == [LINUX, PYTHON], "no such place"
    row = visitor.get(URL, {"q": "linux"})
    assert "Nantes" not in row.text
    assert "Dans votre entreprise" in row.text
    page = visitor.get(reverse("course_detail", args=[linux.pk])).text
    assert "Nantes" not in page


def test_prices_are_the_reader_s_own(world: World, linux: Course, visitor: Client, client_for: ClientFor) -> None:
    make_line(make_accord(world.armor.company), linux, "10")
    own = client_for(world.personas["administrator"]).get(URL)
    assert "1\u202f800,00\u00a0€" in own.text
    assert "Armor Lille" in own.text
    for other in (visitor, client_for(world.personas["neighbour"])):
        page = other.get(URL).text
        assert "1\u202f800,00" not in page
        assert "2\u202f000,00" in page


QUERIES = {None: 1, "administrator": 4}


@pytest.mark.parametrize("persona", QUERIES)
@pytest.mark.parametrize("query", ["", "?q=atelier", "?q=atelier&lieu=Nantes&tri=date&page=2"])
def test_the_number_of_queries_does_not_grow(
    persona: str | None,
    query: str,
    world: World,
    linux: Course,
    parent: Domain,
    client_for: ClientFor,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    accord = make_accord(world.armor.company)
    client = client_for(world.personas[persona] if persona else None)
    for rank in range(60):
        course = make_course(f"Atelier {rank:02}", parent)
        coming(course, 10 + rank, city="Nantes")
        make_line(accord, course, "5")
    client.get(URL + query)
    with django_assert_num_queries(QUERIES[persona]):
        client.get(URL + query)


def test_what_was_found_outside_the_title_is_marked_where_it_stands(
    world: World, linux: Course, visitor: Client
) -> None:
    reference = visitor.get(URL, {"q": linux.reference}).text
    assert f"<mark>{linux.reference.split('-')[0]}</mark>" in reference
    Course.objects.filter(pk=linux.pk).update(title="Prise en main", objectives="Installer un serveur <web>")
    assert f"<small>{linux.reference} · <mark>Linux</mark>" in visitor.get(URL, {"q": "linux"}).text
    assert (
        '<small class="extract">Installer un <mark>serveur</mark> &lt;web&gt;'
        in visitor.get(URL, {"q": "serveurs"}).text
    )


def test_the_members_navigation_leads_to_it(world: World, client_for: ClientFor) -> None:
    page = client_for(world.personas["administrator"]).get(URL).text
    assert 'class="portal"' in page
    assert 'href="/catalogue/" aria-current="page"' in page
    assert 'href="/catalogue/"' in client_for(None).get("/").text


def test_the_search_of_the_portal_finds_courses(world: World, linux: Course, client_for: ClientFor) -> None:
    answer = client_for(world.personas["ex_member"]).get("/recherche/", {"q": "prises en main"})
    group = answer.text.split("Formations</h2>")[1].split("</section>")[0]
    assert f'<a href="/catalogue/{linux.pk}/">' in group
    assert "<mark>prise</mark>" in group
    by_reference = client_for(world.personas["ex_member"]).get("/recherche/", {"q": linux.reference}).text
    assert "&lt;mark&gt;" not in by_reference
    assert "<mark>" in by_reference.split("Formations</h2>")[1]


def test_robots_and_sitemap(world: World, linux: Course, visitor: Client) -> None:
    robots = visitor.get("/robots.txt")
    assert robots["Content-Type"].startswith("text/plain")
    assert f"Sitemap: {settings.SITE_URL}/sitemap.xml" in robots.text
    assert "Allow: /connexion/$" in robots.text, "the page itself, not what hangs below it"
    sitemap = visitor.get("/sitemap.xml").text
    assert (
        f"<loc>{settings.SITE_URL}/catalogue/{linux.pk}/</loc><lastmod>{timezone.localdate():%Y-%m-%d}</lastmod>"
        in sitemap
    )
