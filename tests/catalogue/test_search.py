"""The search of the catalogue: it understands French, forgives typing, and ranks by where the words are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone

from catalogue.models import CatalogueWord, Course, CourseIndex, CourseKind, Domain, SessionState
from catalogue.search import Found, Wanted, find
from catalogue.words import distance, refresh_words, update_words
from tests.catalogue.courses import coming, make_course, make_domain


@dataclass
class Shelf:
    systems: Domain
    linux: Domain
    python: Course
    kubernetes: Course
    project: Course
    network: Course


@pytest.fixture
def shelf(db: None) -> Shelf:
    systems = make_domain("Systèmes et réseaux")
    linux = make_domain("Conteneurs", systems)
    made = Shelf(
        systems,
        linux,
        make_course("Python, les bases", make_domain("Développement"), reference="PYT-01", days=Decimal(2)),
        make_course("Kubernetes, administration d’un cluster", linux, reference="K8S-04", certification="RS1234"),
        make_course("Gestion de projet agile", make_domain("Pilotage"), objectives="Animer une équipe."),
        make_course("Réseaux d’entreprise", systems, objectives="Écrire un script Python.", public_price=Decimal(900)),
    )
    update_words()
    return made


def search(words: str, **fields: object) -> Found:
    return find(Wanted(words=words, sort="pertinence", **fields), 1, timezone.localdate())  # type: ignore[arg-type]


def found(words: str, **fields: object) -> list[int]:
    return [row.pk for row in search(words, **fields).rows]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("kubernetes", "kubernetes"),
        ("KUBERNETES", "kubernetes"),
        ("reseau", "network"),
        ("réseau d'entreprises", "network"),
        ("l’administration de clusters", "kubernetes"),
        ("administrer", "kubernetes"),
        ("gestion de proj", "project"),
        ("gestions de projets agiles", "project"),
        ("k8s-04", "kubernetes"),
        ("PYT-01", "python"),
        ("rs1234", "kubernetes"),
        ("conteneur", "kubernetes"),
        ("équipes", "project"),
        ("equip", "project"),
    ],
)
def test_accents_plurals_beginnings_and_references(words: str, name: str, shelf: Shelf) -> None:
    assert found(words)[0] == getattr(shelf, name).pk
    assert not search(words).instead


def test_a_title_comes_before_objectives_and_objectives_before_the_programme(shelf: Shelf) -> None:
    late = make_course("Statistiques", shelf.systems, programme="Premiers pas\nPython pour les calculs")
    assert found("python") == [shelf.python.pk, shelf.network.pk, late.pk]


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("R", ["Maîtriser R", "R pour la science", "Responsable réseau"]),
        ("langage C", ["Le langage C", "Un langage : COBOL"]),
        ("c#", ["C# avancé"]),
    ],
)
def test_a_very_short_word_is_found_whole_before_it_is_found_as_a_beginning(
    words: str, titles: list[str], shelf: Shelf
) -> None:
    made = {title: make_course(title, shelf.systems).pk for title in reversed(titles)}
    assert [pk for pk in found(words) if pk in made.values()] == [made[title] for title in titles]


@pytest.mark.parametrize(
    ("typed", "meant", "name"),
    [
        ("pyhton", "python", "python"),
        ("gestoin de projte", "gestion de projet", "project"),
        ("réseuax", "reseaux", None),
    ],
)
def test_a_misspelt_word_is_corrected(typed: str, meant: str, name: str | None, shelf: Shelf) -> None:
    result = search(typed)
    assert result.instead == meant
    assert name is None or result.rows[0].pk == getattr(shelf, name).pk


def test_kubernetis_finds_kubernetes_as_the_stem_is_the_same(shelf: Shelf) -> None:
    assert found("kubernetis") == [shelf.kubernetes.pk]


def test_what_is_only_near_a_title_is_shown_as_such(shelf: Shelf) -> None:
    make_course("Power BI, tableaux de bord", shelf.systems)
    result = search("powerbi")
    assert result.near
    assert result.rows[0].title.startswith("Power BI")


def test_nothing_is_near_nonsense(shelf: Shelf) -> None:
    result = search("zzzqqqxx")
    assert (result.total, result.rows, result.instead) == (0, [], "")


@pytest.mark.parametrize(
    "words", ["%", "_", "'", "\\", "''' & | ! ( ) :* <->", "<script>", "a" * 100, "é" * 100, "日本"]
)
def test_signs_are_not_operators(words: str, shelf: Shelf) -> None:
    assert len(search(words).rows) <= 1


def test_languages_named_by_signs_are_words(shelf: Shelf) -> None:
    wanted = {name: make_course(title, shelf.systems).pk for name, title in
              [("c#", "C#, les bases"), ("c++", "C++ moderne"), (".net", "Développer avec .NET")]}  # fmt: skip
    for words, pk in wanted.items():
        assert found(words) == [pk]
        assert "<mark>" in search(words).rows[0].title


def test_what_was_found_is_marked_and_escaped(shelf: Shelf) -> None:
    Course.objects.filter(pk=shelf.network.pk).update(
        title="<b>Réseaux</b> & co", objectives="Un\nÉcrire <i>un</i> script Python."
    )
    assert search("reseau").rows[0].title == "&lt;b&gt;<mark>Réseaux</mark>&lt;/b&gt; &amp; co"
    assert search("script").rows[0].extract == "Écrire &lt;i&gt;un&lt;/i&gt; <mark>script</mark> Python."


def test_filters_and_words_meet(shelf: Shelf) -> None:
    assert found("python", domains=(shelf.systems.pk,)) == [shelf.network.pk]
    assert found("python", most_price=Decimal(1000)) == [shelf.network.pk]
    assert found("python", least_price=Decimal(1000)) == [shelf.python.pk]
    assert found("python", days=((1, 2),)) == [shelf.python.pk]
    assert found("python", certified=True) == []
    assert found("kubernetes", certified=True, modes=("on_site",)) == [shelf.kubernetes.pk]


def test_what_is_asked_of_sessions_holds_for_one_same_session(shelf: Shelf) -> None:
    coming(shelf.python, 20, city="Lyon")
    late = coming(shelf.python, 90, SessionState.GUARANTEED, city="Paris")
    coming(shelf.network, 40, SessionState.GUARANTEED, city="Lyon")
    assert found("python", cities=("Lyon",)) == [shelf.python.pk, shelf.network.pk]
    assert found("python", cities=("Lyon",), states=("guaranteed",)) == [shelf.network.pk]
    after = timezone.localdate() + timedelta(days=60)
    assert found("python", cities=("Lyon",), first_day=after) == []
    assert found("python", last_day=after) == [shelf.python.pk, shelf.network.pk]
    month = late.starts_on.replace(day=1)
    assert shelf.python.pk in found("python", months=(month,))
    assert found("python", months=(date(2019, 1, 1),)) == []
    row = next(row for row in search("python", cities=("Paris",)).rows)
    assert row.next is not None
    assert (row.next.starts_on, row.next.city, row.next.others) == (late.starts_on, "Paris", 0)


@pytest.mark.parametrize("state", [SessionState.CANCELLED, SessionState.DONE])
def test_the_next_session_is_one_on_sale(state: SessionState, shelf: Shelf) -> None:
    coming(shelf.python, 5, state)
    coming(shelf.python, -3)
    assert search("pyt-01").rows[0].next is None
    session = coming(shelf.python, 9, SessionState.FULL)
    row = search("pyt-01").rows[0]
    assert row.next is not None
    assert row.next.starts_on == session.starts_on


def test_sorts(shelf: Shelf) -> None:
    coming(shelf.network, 10)
    coming(shelf.python, 20)

    def titles(sort: str) -> list[str]:
        return [row.title[:3] for row in find(Wanted(sort=sort), 1, timezone.localdate()).rows]

    assert titles("titre") == ["Ges", "Kub", "Pyt", "Rés"]
    assert titles("date") == ["Rés", "Pyt", "Ges", "Kub"]
    assert titles("prix")[0] == "Rés"
    assert titles("-prix")[-1] == "Rés"
    assert titles("duree")[0] == "Pyt"


def test_accents_do_not_sort_last(shelf: Shelf) -> None:
    make_course("Écoconception", shelf.systems)
    assert find(Wanted(), 1, timezone.localdate()).rows[0].title == "Écoconception"


def test_pages_hold_everything_once(shelf: Shelf) -> None:
    for rank in range(60):
        make_course(f"Atelier {rank % 7}", shelf.systems)
    seen = [row.pk for page in (1, 2, 3) for row in find(Wanted(), page, timezone.localdate()).rows]
    assert len(seen) == len(set(seen)) == 64
    beyond = find(Wanted(), 99, timezone.localdate())
    assert (beyond.page, beyond.total, len(beyond.rows)) == (3, 64, 14)


def listed() -> set[int]:
    return set(Course.objects.visible_to(AnonymousUser()).values_list("pk", flat=True))


def test_the_index_has_exactly_what_the_catalogue_shows(shelf: Shelf) -> None:
    def indexed() -> set[int]:
        return set(CourseIndex.objects.values_list("pk", flat=True))

    assert indexed() == listed() == {shelf.python.pk, shelf.kubernetes.pk, shelf.project.pk, shelf.network.pk}
    Course.objects.filter(pk=shelf.python.pk).update(in_catalogue=False)
    Course.objects.filter(pk=shelf.project.pk).update(kind=CourseKind.BESPOKE)
    assert indexed() == listed() == {shelf.kubernetes.pk, shelf.network.pk}
    assert found("python") == [shelf.network.pk]
    Course.objects.update(in_catalogue=True, kind=CourseKind.INTRA)
    assert indexed() == listed()
    shelf.network.delete()
    assert indexed() == listed()


def test_the_index_follows_courses_and_domains(shelf: Shelf) -> None:
    Course.objects.filter(pk=shelf.python.pk).update(title="Ruby, les bases")
    assert found("ruby") == [shelf.python.pk]
    Domain.objects.filter(pk=shelf.systems.pk).update(label="Infrastructures")
    assert set(found("infrastructure")) == {shelf.kubernetes.pk, shelf.network.pk}
    assert found("conteneurs") == [shelf.kubernetes.pk]


def test_an_enormous_programme_is_taken(shelf: Shelf) -> None:
    Course.objects.filter(pk=shelf.python.pk).update(programme=" ".join(f"mot{rank}" for rank in range(300_000)))
    assert found("mot77") == [shelf.python.pk]


def test_the_words_follow_the_titles(shelf: Shelf) -> None:
    Course.objects.filter(pk=shelf.python.pk).update(title="Ruby, les bases")
    refresh_words.call()
    words = set(CatalogueWord.objects.values_list("word", flat=True))
    assert "ruby" in words
    assert "python" not in words
    assert "pilotage" in words


def test_a_page_is_found_in_one_query(shelf: Shelf) -> None:
    statements: list[str] = []

    def watch(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        search("python", cities=())
        find(Wanted(), 1, timezone.localdate())
    assert len(statements) == 2


@pytest.mark.parametrize(
    ("one", "other", "changes"),
    [
        ("pyhton", "python", 1),
        ("exel", "excel", 1),
        ("", "abc", 3),
        ("linxu", "linux", 1),
        ("chat", "chien", 3),
        ("a", "a", 0),
    ],
)
def test_distance(one: str, other: str, changes: int) -> None:
    assert distance(one, other) == distance(other, one) == changes
