"""The courses that meet what somebody wants, found by PostgreSQL in one query for a page.

Written in SQL rather than with the ORM, which would take longer to compose it than PostgreSQL to answer. All that comes
from outside is a parameter. Migration 0004 has the functions and says how words are indexed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils.functional import cached_property

from accounts.statements import Answer, Statement
from catalogue.highlight import Marker, words_of
from catalogue.listing import ListedCourse, course_of, read_course
from catalogue.models import ON_SALE, CourseKind
from catalogue.words import corrected

ROWS_PER_PAGE = 25
MOST_KEPT = 1_000  # some with the text of a programme

SORTS = {
    "pertinence": "{t}.key DESC, {t}.title, {t}.course_id",
    "titre": "{t}.title, {t}.course_id",
    "date": "{t}.key NULLS LAST, {t}.title, {t}.course_id",
    "prix": "{t}.key, {t}.title, {t}.course_id",
    "-prix": "{t}.key DESC, {t}.title, {t}.course_id",
    "duree": "{t}.key, {t}.title, {t}.course_id",
}
# A title that has the words comes before an objective, an objective before the programme.
RANK = "CASE WHEN found.head @@ query THEN 10 + ts_rank(found.head, query)"
SHORT = 3  # letters that begin so many words that a title with this very word comes first: R before React
KEYS = {
    "pertinence": f"{RANK} ELSE ts_rank(found.body, query) END",
    "short": f"{RANK} + CASE WHEN found.head @@ whole THEN 5 ELSE 0 END ELSE ts_rank(found.body, query) END",
    "near": "word_similarity(plain, found.title)",
    "titre": "NULL",
    "date": "coming.starts_on",
    "prix": "course.public_price",
    "-prix": "course.public_price",
    "duree": "course.days",
}
# Where to look for a line to show: not at all when the title and the reference (weight A) have the words.
EXTRACTED = " ".join(
    f"CASE WHEN ts_filter(indexed.head, '{{a}}') @@ query THEN '' ELSE course.{column} END,"
    for column in ("objectives", "programme")
)
COLUMNS = """
  course.id, course.reference, course.title, domain.id, domain.label, parent.id, parent.label, course.days,
  course.hours, course.mode, course.kind, course.certification, course.public_price, course.vat_rate,
  next.starts_on, next.ends_on, next.city, next.state, next.dates
"""


# Literally, so that PostgreSQL knows that the partial index `session_on_sale` has them all.
IS_ON_SALE = "AND state IN ({})".format(", ".join(f"'{state.value}'" for state in ON_SALE))


@dataclass(frozen=True)
class Wanted:
    """What is asked for; what is empty or None is not asked. Prices are public ones, EUR HT; days are included.

    `months`: first days of months in which the session begins. All that is said of sessions holds for one same session.
    """

    words: str = ""
    domains: tuple[int, ...] = ()
    modes: tuple[str, ...] = ()
    days: tuple[tuple[int, int], ...] = ()  # more than, up to
    least_price: Decimal | None = None
    most_price: Decimal | None = None
    certified: bool = False
    cities: tuple[str, ...] = ()
    months: tuple[date, ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    states: tuple[str, ...] = ()
    sort: str = "titre"

    @property
    def asks_of_sessions(self) -> bool:
        return bool(self.cities or self.months or self.first_day or self.last_day or self.states)


@dataclass(frozen=True)
class Found:
    """One page, and how many there are in all.

    `instead`: what was searched instead of the words, which found nothing. `near`: the titles only look like the words.
    """

    rows: list[ListedCourse]
    total: int
    page: int
    instead: str = ""
    near: bool = False

    @cached_property
    def pages(self) -> int:
        return max(1, -(-self.total // ROWS_PER_PAGE))


@dataclass
class _Sql:
    """Pieces of SQL with their parameters, in their order."""

    pieces: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)

    def add(self, piece: str, *parameters: Any) -> _Sql:
        self.pieces.append(piece)
        self.parameters += parameters
        return self

    def ask(self) -> Answer:
        return Statement("\n".join(self.pieces), tuple(self.parameters), (), {}).ask(())


def find(wanted: Wanted, page: int, today: date, *, guess: bool = True) -> Found:
    """The page of that number, or the last.

    With `guess`, words that find nothing are corrected, then compared with the titles.
    """
    return ask_find(wanted, page, today, guess=guess)()


def ask_find(wanted: Wanted, page: int, today: date, *, guess: bool = True) -> Callable[[], Found]:
    """What `find` gives, asked at once and taken later (accounts.statements.together)."""
    if wanted.words and not words_of(wanted.words):
        return lambda: Found([], 0, 1)
    answer = _select(wanted, page, today, near=False).ask()

    def found() -> Found:
        first = _page_of(answer, wanted, page, today, near=False)
        return first if first.total or not wanted.words or not guess else _guessed(wanted, page, today)

    return found


def _guessed(wanted: Wanted, page: int, today: date) -> Found:
    if meant := corrected(words_of(wanted.words)):
        return replace(_page(replace(wanted, words=meant), page, today), instead=meant)
    return replace(_page(wanted, page, today, near=True), near=True)


def _page(wanted: Wanted, page: int, today: date, *, near: bool = False) -> Found:
    return _page_of(_select(wanted, page, today, near=near).ask(), wanted, page, today, near=near)


def _page_of(answer: Answer, wanted: Wanted, page: int, today: date, *, near: bool) -> Found:
    rows = answer.rows()
    if not rows and page > 1:  # beyond the last
        total = _count(wanted, today, near=near)
        last = max(1, -(-total // ROWS_PER_PAGE))
        return _page(wanted, last, today, near=near) if total else Found([], 0, 1)
    total = rows[0][0] if rows else 0
    return Found([_row(wanted, row[1:]) for row in rows], total, page)


def _row(wanted: Wanted, columns: Sequence[Any]) -> ListedCourse:
    return _searched(*columns) if wanted.words else course_of(*columns)


@lru_cache(maxsize=MOST_KEPT)
def _searched(query: str, objectives: str, programme: str, *own: Any) -> ListedCourse:
    course = read_course(*own)
    course.mark(Marker.of(query), objectives, programme)
    return course


def _select(wanted: Wanted, page: int, today: date, *, near: bool) -> _Sql:
    sql = _Sql()
    _found(sql, wanted, today, near=near)
    sql.add(", shown AS (SELECT * FROM found ORDER BY").add(SORTS[wanted.sort].format(t="found"))
    sql.add("LIMIT %s OFFSET %s)", ROWS_PER_PAGE, (page - 1) * ROWS_PER_PAGE)
    sql.add("SELECT (SELECT count(*) FROM found),")
    if wanted.words:
        sql.add("query::text,").add(EXTRACTED)
    sql.add(COLUMNS)
    sql.add("FROM shown JOIN catalogue_course course ON course.id = shown.course_id")
    sql.add("JOIN catalogue_domain domain ON domain.id = course.domain_id")
    sql.add("LEFT JOIN catalogue_domain parent ON parent.id = domain.parent_id")
    if wanted.words:
        sql.add("JOIN catalogue_courseindex indexed ON indexed.course_id = course.id")
        sql.add("CROSS JOIN asked")
    sql.add("LEFT JOIN LATERAL (")
    sql.add("SELECT starts_on, ends_on, city, state, count(*) OVER () AS dates FROM catalogue_session session")
    sql.add("WHERE course_id = course.id AND course.kind = %s", CourseKind.INTER)
    _on_sale(sql, wanted, today)
    sql.add("ORDER BY starts_on, id LIMIT 1) AS next ON true")
    return sql.add("ORDER BY").add(SORTS[wanted.sort].format(t="shown"))


def _count(wanted: Wanted, today: date, *, near: bool) -> int:
    sql = _Sql()
    _found(sql, wanted, today, near=near)
    return int(sql.add("SELECT count(*) FROM found").ask().rows()[0][0])


def _found(sql: _Sql, wanted: Wanted, today: date, *, near: bool) -> None:
    """`WITH found AS (…)`: the courses, with what they are sorted by."""
    last = words_of(wanted.words)[-1] if wanted.words else ""
    short = wanted.sort == "pertinence" and not near and len(last) <= SHORT and last.isalnum()
    key = KEYS["short" if short else "near" if near and wanted.sort == "pertinence" else wanted.sort]
    once = (
        "NOT MATERIALIZED" if wanted == Wanted() else "MATERIALIZED"
    )  # the whole catalogue is better read twice, in its indexes
    sql.add("WITH")
    if wanted.words:  # called once: in a SELECT they would be for every row
        sql.add("asked AS MATERIALIZED (SELECT catalogue_query(%s) AS query", wanted.words)
        if near:
            sql.add(", catalogue_plain(%s) AS plain", wanted.words)
        if short:
            sql.add(", to_tsquery('simple', %s) AS whole", f"{last}:A")  # in a title or a reference
        sql.add("),")
    sql.add(f"found AS {once} (SELECT found.course_id, found.title, {key} AS key")  # our constants
    sql.add("FROM catalogue_courseindex found")
    if wanted.words:
        sql.add("CROSS JOIN asked")
    if "course." in key or _asks_of_course(wanted) or wanted.asks_of_sessions:
        sql.add("JOIN catalogue_course course ON course.id = found.course_id")
    if wanted.asks_of_sessions or wanted.sort == "date":
        sql.add("JOIN (" if wanted.asks_of_sessions else "LEFT JOIN (")
        sql.add("SELECT course_id, min(starts_on) AS starts_on FROM catalogue_session session WHERE true")
        _on_sale(sql, wanted, today)
        sql.add("GROUP BY course_id) AS coming ON coming.course_id = found.course_id")
    sql.add("WHERE true")
    if wanted.words:
        sql.add("AND plain <%% found.title" if near else "AND found.body @@ query")
    _of_course(sql, wanted)
    sql.add(")")


def _asks_of_course(wanted: Wanted) -> bool:
    prices = wanted.least_price is not None or wanted.most_price is not None
    return bool(wanted.domains or wanted.modes or wanted.days or wanted.certified or prices)


def _of_course(sql: _Sql, wanted: Wanted) -> None:
    if wanted.domains:
        sql.add("AND course.domain_id = ANY(%s)", list(wanted.domains))
    if wanted.modes:
        sql.add("AND course.mode = ANY(%s)", list(wanted.modes))
    if wanted.days:
        sql.add("AND (" + " OR ".join(["course.days > %s AND course.days <= %s"] * len(wanted.days)) + ")")
        sql.add("", *(bound for bounds in wanted.days for bound in bounds))
    if wanted.least_price is not None:
        sql.add("AND course.public_price >= %s", wanted.least_price)
    if wanted.most_price is not None:
        sql.add("AND course.public_price <= %s", wanted.most_price)
    if wanted.certified:
        sql.add("AND course.certification <> ''")
    if wanted.asks_of_sessions:
        sql.add("AND course.kind = %s", CourseKind.INTER)


def _on_sale(sql: _Sql, wanted: Wanted, today: date) -> None:
    """What `Session.objects.visible_to` says of a session but for its course, and what is wanted of it."""
    sql.add(IS_ON_SALE).add("AND starts_on >= %s", max(today, wanted.first_day or today))
    if wanted.states:
        sql.add("AND state = ANY(%s)", list(wanted.states))
    if wanted.last_day is not None:
        sql.add("AND starts_on <= %s", wanted.last_day)
    if wanted.cities:
        sql.add("AND city = ANY(%s)", list(wanted.cities))
    if wanted.months:
        sql.add("AND date_trunc('month', starts_on)::date = ANY(%s)", list(wanted.months))
