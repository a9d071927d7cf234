"""Why a paper is not issued."""

from django.core.exceptions import ValidationError


class NotIssuableError(ValidationError):
    """Something that only people can mend is missing or in the way; the message says what, in French."""
