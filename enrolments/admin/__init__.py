"""The deal, as staff validate and correct it. Importing the package registers all of it."""

from . import enrolments, orders, participants, sessions

__all__ = ["enrolments", "orders", "participants", "sessions"]
