"""Who is behind a request, for views that only a logged-in person reaches, and from where."""

from functools import lru_cache

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User


def person(request: HttpRequest) -> User:
    """The logged-in person; PermissionDenied when a view that forgot to ask for a login is reached without one."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def address_of(request: HttpRequest) -> str:
    """The IP address of the client, behind TRUSTED_PROXY_COUNT proxies; PermissionDenied when there is none."""
    meta = request.META
    return _address(
        meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", ""), settings.ALLAUTH_TRUSTED_PROXY_COUNT
    )


@lru_cache(maxsize=10_000)
def _address(peer: str, forwarded: str, _proxies: int) -> str:
    """What allauth makes of these, which its rate limits count by too."""
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    address: str = get_adapter().get_client_ip(request)
    return address
