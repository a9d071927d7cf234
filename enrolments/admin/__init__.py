"""The deal, as staff validate and correct it. Importing the package registers all of it."""

from . import accords, enrolments, following, orders, participants, sessions

__all__ = ["accords", "enrolments", "following", "orders", "participants", "sessions"]
