"""The paper, as staff file and find it. Importing the package registers all of it."""

from . import documents, evaluations, issuing, journal, library, subjects

__all__ = ["documents", "evaluations", "issuing", "journal", "library", "subjects"]
