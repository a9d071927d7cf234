"""How a session becomes a person."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User


class Backend(AuthenticationBackend):
    """allauth's own, which reads the person with their rights: nearly every page asks for both."""

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.with_rights(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None
