"""Words as the search of the catalogue sees them, and the words that it found, marked in what a page shows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from django.utils.safestring import SafeString, mark_safe

WORD = re.compile(r"\.net\b|[^\W_]+(?:\+\+|#)?", re.IGNORECASE)
# What HTML would take for its own, beside words, which have none of it.
SIGNS = {sign: escape(sign) for sign in "&<>\"'"}
WORD_OR_SIGN = re.compile(f"{WORD.pattern}|[{''.join(SIGNS)}]", re.IGNORECASE)
# In the query as PostgreSQL writes it: a word in quotes, with `:*` when it is only a beginning.
LEXEME = re.compile(r"'([^']+)'(:\*)?")
LANGUAGES = {"c++": "cplusplus", "c#": "csharp", "f#": "fsharp", ".net": "dotnet"}
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "Œ": "oe", "Æ": "ae", "’": "'"})
LONGEST_ENDING = 5  # letters that a French ending adds to its stem, nearly always
SHORTEST_STEM = 3
EXTRACT = 160  # characters


def fold(text: str) -> str:
    """Without capitals or accents: "Développement" → "developpement"."""
    decomposed = unicodedata.normalize("NFKD", text.translate(LIGATURES))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).lower()


def words_of(text: str) -> list[str]:
    """The words of a text as `catalogue_plain` (migration 0004) leaves them."""
    return [_plain(word) for word in WORD.findall(text)]


@lru_cache(maxsize=20_000)  # the words of a catalogue are few, and a page has hundreds
def _plain(word: str) -> str:
    word = fold(word)
    return LANGUAGES.get(word) or word.rstrip("+#")


@dataclass(frozen=True, eq=False)  # one is told from another by what it is, not by what it has: that is faster
class Marker:
    """What to mark: `stems` found by the index, and `beginnings`, of words typed half."""

    stems: frozenset[str]
    beginnings: tuple[str, ...]

    @classmethod
    @lru_cache(maxsize=200)
    def of(cls, query: str) -> Marker:
        """From the query as PostgreSQL writes it: `'gestion' & ( 'proj' | 'proj':* )`."""
        found = LEXEME.findall(query)
        return cls(frozenset(word for word, star in found if not star), tuple({word for word, star in found if star}))

    @lru_cache(maxsize=20_000)  # noqa: B019  # markers are few, and kept by `of` anyway
    def finds(self, word: str) -> bool:
        """Whether the index would have found this word of a text. Endings are judged by their length alone."""
        plain = _plain(word)
        if plain in self.stems or (self.beginnings and plain.startswith(self.beginnings)):
            return True
        return any(
            len(stem) >= SHORTEST_STEM and plain.startswith(stem) and len(plain) - len(stem) <= LONGEST_ENDING
            for stem in self.stems
        )

    def hits(self, text: str) -> Iterator[re.Match[str]]:
        return (word for word in WORD.finditer(text) if self.finds(word.group()))

    @lru_cache(maxsize=5_000)  # noqa: B019  # as above; what is typed and what is found come again
    def mark(self, text: str) -> SafeString:
        """The text, escaped, with what was found in <mark>."""
        return mark_safe(WORD_OR_SIGN.sub(self._marked, text))  # noqa: S308  # every piece is escaped

    def _marked(self, piece: re.Match[str]) -> str:
        text = piece.group()
        if text in SIGNS:
            return SIGNS[text]
        return f"<mark>{text}</mark>" if self.finds(text) else text

    def extract(self, *texts: str) -> SafeString | str:
        """The first line in which something was found, marked and cut around it; "" when nothing was."""
        for line in (line.strip() for text in texts for line in text.splitlines()):
            hit = next(self.hits(line), None)
            if hit is not None:
                return self.mark(_cut(line, hit.start()))
        return ""


def _cut(line: str, place: int) -> str:
    """At most EXTRACT characters of a line, in whole words, with the one at `place`."""
    if len(line) <= EXTRACT:
        return line
    start = 0 if place < EXTRACT // 2 else line.rfind(" ", 0, place - EXTRACT // 3) + 1
    end = line.rfind(" ", start, start + EXTRACT)
    end = end if end > place else start + EXTRACT
    return ("… " if start else "") + line[start:end] + (" …" if end < len(line) else "")
