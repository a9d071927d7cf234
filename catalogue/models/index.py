"""What the search of the catalogue reads: kept by triggers (migration 0004), never written by hand."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from .course import Course


class CourseIndex(models.Model):
    """The words of a course, apart from it so that whoever reads courses does not read them.

    `title` without capitals or accents, to sort by and for trigrams. `head`: title and reference (weight A), domains
    and certification (B). `body`: the same, then objectives (C), programme, prerequisites and audience (D). Every word
    is there twice: its French stem, and as it is written, for what is typed half.
    """

    course = models.OneToOneField(Course, models.CASCADE, primary_key=True, related_name="index")
    title = models.TextField()
    head = SearchVectorField()
    body = SearchVectorField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("fiche de recherche")
        indexes = [
            GinIndex(fields=["head"], name="course_index_head"),
            GinIndex(fields=["body"], name="course_index_body"),
            GinIndex(OpClass("title", "gin_trgm_ops"), name="course_index_title_trigrams"),
            models.Index(fields=["title", "course"], name="course_index_by_title"),
        ]

    def __str__(self) -> str:
        return self.title


class CatalogueWord(models.Model):
    """A word of the titles, references and domains, and of how many courses: what a misspelt word may stand for.

    Made from the index every few minutes (catalogue.words).
    """

    word = models.TextField(primary_key=True)
    courses = models.IntegerField()

    class Meta:
        indexes = [GinIndex(OpClass("word", "gin_trgm_ops"), name="catalogue_word_trigrams")]

    def __str__(self) -> str:
        return self.word
