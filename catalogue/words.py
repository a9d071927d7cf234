"""The words of the catalogue, and what a misspelt word may stand for."""

from __future__ import annotations

from django.db import connection, transaction
from django_tasks import task

SHORTEST = 3  # letters; everything is near a shorter word, so none is corrected
MOST_WORDS = 8  # of one search, that are looked at
CANDIDATES = 12
# What catalogue_plain writes for C++, C#, F# and .NET: nobody types them so.
MADE_UP = ("cplusplus", "csharp", "fsharp", "dotnet")

UPDATE = """
WITH now AS (
  SELECT word, ndoc FROM ts_stat('
    SELECT to_tsvector(''simple'',
      concat_ws('' '', found.title, catalogue_plain(concat_ws('' '', domain.label, parent.label))))
    FROM catalogue_courseindex found
    JOIN catalogue_course course ON course.id = found.course_id
    JOIN catalogue_domain domain ON domain.id = course.domain_id
    LEFT JOIN catalogue_domain parent ON parent.id = domain.parent_id')
  WHERE length(word) >= %s AND word !~ '[0-9]' AND word <> ALL(%s)
), gone AS (
  DELETE FROM catalogue_catalogueword WHERE word NOT IN (SELECT word FROM now)
)
INSERT INTO catalogue_catalogueword (word, courses) SELECT word, ndoc FROM now
ON CONFLICT (word) DO UPDATE SET courses = EXCLUDED.courses
WHERE catalogue_catalogueword.courses <> EXCLUDED.courses
"""
# For each typed word that finds nothing, the words that look like it (pg_trgm.similarity_threshold, see the settings).
NEAR = """
SELECT typed, word, courses
FROM unnest(%s::text[]) AS typed
CROSS JOIN LATERAL (
  SELECT word, courses FROM catalogue_catalogueword
  WHERE word %% typed ORDER BY similarity(word, typed) DESC, courses DESC LIMIT %s
) AS near
WHERE NOT EXISTS (SELECT 1 FROM catalogue_courseindex WHERE body @@ catalogue_query(typed))
"""


def update_words() -> None:
    """Bring the table of words up to date with the index."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE catalogue_catalogueword IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(UPDATE, [SHORTEST, list(MADE_UP)])


@task()
def refresh_words() -> None:
    """`update_words`, as a chore (settings.CHORES)."""
    update_words()


def corrected(words: list[str]) -> str:
    """The search that these words (small letters, no accents) may stand for; "" when there is nothing to correct."""
    typed = list(dict.fromkeys(word for word in words[:MOST_WORDS] if len(word) >= SHORTEST))
    with connection.cursor() as cursor:
        cursor.execute(NEAR, [typed, CANDIDATES])
        near: dict[str, list[tuple[int, int, str]]] = {}
        for wrong, word, courses in cursor.fetchall():
            near.setdefault(wrong, []).append((distance(wrong, word), -courses, word))
    best = {wrong: min(found) for wrong, found in near.items()}
    meant = {wrong: word for wrong, (changes, _courses, word) in best.items() if changes <= most_changes(wrong)}
    return " ".join(meant.get(word, word) for word in words) if meant else ""


def most_changes(word: str) -> int:
    """How many letters one may get wrong in a word of this length."""
    return 1 if len(word) < 5 else 2 if len(word) < 9 else 3


def distance(one: str, other: str) -> int:
    """How many letters to add, take out, change, or swap with their neighbour, to make one word of the other."""
    rows = [list(range(len(other) + 1))]
    for rank, letter in enumerate(one, 1):
        row = [rank]
        for position, wanted in enumerate(other, 1):
            above = rows[-1]
            cost = min(above[position] + 1, row[-1] + 1, above[position - 1] + (letter != wanted))
            if rank > 1 and position > 1 and (letter, one[rank - 2]) == (other[position - 2], wanted):
                cost = min(cost, rows[-2][position - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
