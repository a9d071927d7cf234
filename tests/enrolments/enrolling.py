"""What the tests of the pages of an enrolment share: the session, the person, and what they send."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from catalogue.models import Session
from enrolments.models import OrderDraft
from tests.conftest import ClientFor
from tests.enrolments.orders import coming_session
from tests.worlds import World


@pytest.fixture
def session(world: World) -> Session:
    return coming_session(world)


@pytest.fixture
def user(world: World) -> User:
    return world.personas["administrator"]


@pytest.fixture
def client(user: User, client_for: ClientFor) -> Client:
    return client_for(user)


def start(session: Session) -> str:
    return reverse("enrol_start", args=[session.pk])


def draft_of(user: User) -> OrderDraft:
    return OrderDraft.objects.get(owner=user, order__isnull=True)


def text_of(answer: Any) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ").replace("\u202f", " ")


def post(client: Client, session: Session, world: World, **fields: Any) -> Any:
    return client.post(start(session), {"establishment": world.lille.pk, "action": "next", **fields})
