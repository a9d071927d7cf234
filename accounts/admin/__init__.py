"""Who: people, companies and accesses. Importing the package registers all of it."""

from . import accesses, companies, journal, people

__all__ = ["accesses", "companies", "journal", "people"]
