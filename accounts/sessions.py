"""Open sessions, ended when what they were opened with is no longer so."""

from typing import Any

from django.apps import apps
from django.http import HttpRequest


def end_other_sessions(request: HttpRequest, user: Any, **_signal: Any) -> None:
    """Once a new login address is confirmed, log the person out everywhere but where they confirmed it (rule 3).

    allauth announces the change by a signal only.
    """
    sessions = apps.get_model("usersessions.UserSession").objects.filter(user=user)
    for session in sessions.exclude(session_key=request.session.session_key or ""):
        session.end()
