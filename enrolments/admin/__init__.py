"""The deal, as staff validate and correct it. Importing the package registers all of it."""

from . import enrolments, following, orders, participants, sessions

__all__ = ["enrolments", "following", "orders", "participants", "sessions"]
