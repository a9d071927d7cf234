"""The words for a code."""

from functools import cache

from django.db.models import TextChoices


@cache
def label_of(choices: type[TextChoices], code: str) -> str:
    """The label of a code, or the code itself when it is none of the choices.

    Found once: the portal speaks one language, while Django's own `get_…_display` translates and hashes every choice
    of the field each time, which was a third of the cost of a list.
    """
    return str(choices(code).label) if code in choices.values else code
