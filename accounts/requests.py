"""The person behind a request, for views that only a logged-in person reaches."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User


def person(request: HttpRequest) -> User:
    """The logged-in person; PermissionDenied when a view that forgot to ask for a login is reached without one."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
