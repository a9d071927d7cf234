"""Seeing what a person sees: with their rights exactly, marked, journaled, and without a trace in their name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db import InternalError, connection, transaction
from django.http import FileResponse, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from psycopg.errors import InFailedSqlTransaction

from accounts.document_types import DocumentType
from accounts.models import Access, AccessEvent, User
from accounts.visits import LONGEST, PRIVATE, VISIT, Visits, begin_visit, may_visit
from documents.models import Document, Serving
from enrolments.models import Enrolment, Order
from tests.conftest import ClientFor
from tests.worlds import World, make_user

REASON = {"reason": "Appel du 23 novembre, ne trouve pas sa facture"}
BANNER = "Lecture seule, visite de equipe@ib.example."


@pytest.fixture
def staff(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["staff"])


def visit(staff: Client, user: User) -> Any:
    return staff.post(reverse("admin:accounts_user_visit", args=[user.pk]), REASON)


def test_a_visit_shows_every_page_as_the_person_sees_it_and_says_so(
    world: World, staff: Client, client_for: ClientFor
) -> None:
    user = world.personas["standard"]
    assert visit(staff, user)["Location"] == reverse("dashboard")
    own = client_for(user)
    order = Order.objects.filter(establishment=world.lille).earliest("pk")
    invoice, convention = (
        Document.objects.filter(establishment=world.lille, type=one).earliest("pk")
        for one in (DocumentType.FACTURE, DocumentType.CONVENTION)
    )
    for url, status in (
        (reverse("dashboard"), 200),
        (reverse("document_list"), 200),
        (reverse("order_detail", args=[order.pk]), 200),
        (reverse("document_detail", args=[invoice.pk]), 200),
        (reverse("document_detail", args=[convention.pk]), 404),
        (reverse("journal"), 404),
        (reverse("help"), 200),
        ("/nulle-part/", 404),
    ):
        page = staff.get(url)
        assert (page.status_code, own.get(url).status_code) == (status, status), url
        assert BANNER in page.text, url
        assert user.email in page.text
    listed = [client.get(reverse("document_list")).context["page"].total for client in (staff, own)]
    assert listed[0] == listed[1] > 0
    assert BANNER not in own.get(reverse("dashboard")).text


def test_a_visit_is_told_with_its_reason_and_ends_by_a_button(world: World, staff: Client) -> None:
    user = world.personas["standard"]
    asked = staff.get(reverse("admin:accounts_user_visit", args=[user.pk]))
    assert asked.status_code == 200
    short = staff.post(reverse("admin:accounts_user_visit", args=[user.pk]), {"reason": "test"})
    assert short.status_code == 200
    assert "au moins 10" in short.text
    assert BANNER not in staff.get(reverse("dashboard")).text
    visit(staff, user)
    line = AccessEvent.objects.get(event="visited")
    assert (line.actor, line.subject_email, line.establishment) == (world.personas["staff"], user.email, None)
    assert REASON["reason"] in line.sentence
    assert staff.get(reverse("admin:index")).status_code == 200, "the management site stays the visitor's"
    ended = staff.post(reverse("visit_end"))
    assert ended["Location"] == reverse("admin:accounts_user_change", args=[user.pk])
    assert BANNER not in staff.get(reverse("dashboard")).text
    assert staff.post(reverse("visit_end"))["Location"] == reverse("dashboard")


def names(patterns: list[URLPattern | URLResolver]) -> list[URLPattern]:
    found = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                found += names(pattern.url_patterns)
        else:
            found.append(pattern)
    return found


def test_every_post_is_refused_on_every_route(world: World, staff: Client) -> None:
    """By the address alone, whatever it is: nothing of the view runs."""
    visit(staff, world.personas["member_of_two"])
    tried = 0
    for pattern in names(get_resolver().url_patterns):
        kwargs: dict[str, Any] = dict.fromkeys(pattern.pattern.converters, 1)
        try:
            url = reverse(str(pattern.name), kwargs=kwargs)
        except Exception:  # noqa: S112 - routes by key or token, which are like the others
            continue
        if pattern.name == "visit_end":
            continue
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(staff, method)(url)
            assert answer.status_code == 403, f"{method} {url}"
            assert BANNER in answer.text
        tried += 1
    assert tried > 30
    assert Access.objects.filter(user=world.personas["member_of_two"]).count() == 2


@pytest.mark.parametrize(
    "route",
    ["account_home", "account_email", "account_data", "account_close", "mfa_index", "mfa_view_recovery_codes"],
)
def test_the_account_itself_is_nobody_elses(route: str, world: World, staff: Client) -> None:
    visit(staff, world.personas["standard"])
    answer = staff.get(reverse(route))
    assert answer.status_code == 403
    assert "appartient au compte de la personne" in answer.text


def test_every_page_about_the_account_is_private() -> None:
    private = [pattern for pattern in names(get_resolver().url_patterns) if str(pattern.name).startswith(PRIVATE)]
    own = [one for one in names(get_resolver().url_patterns) if str(one.pattern).startswith("compte/")]
    assert len(own) > 10
    assert {one.name for one in own} <= {one.name for one in private}


def test_a_download_is_refused_and_leaves_no_line_in_the_persons_name(world: World, staff: Client) -> None:
    visit(staff, world.personas["administrator"])
    invoice = Document.objects.filter(establishment=world.lille, type=DocumentType.FACTURE).earliest("pk")
    for url in (
        reverse("document_download", args=[invoice.pk]),
        reverse("document_view", args=[invoice.pk]),
        reverse("journal_export"),
        reverse("journal_documents_export"),
    ):
        answer = staff.get(url)
        assert answer.status_code == 403, url
        assert "Visite en lecture seule" in answer.text
        assert "Content-Disposition" not in answer
    assert not Serving.objects.exists()


def test_a_way_back_is_followed_during_a_visit(world: World, staff: Client) -> None:
    visit(staff, world.personas["administrator"])
    past = Enrolment.objects.filter(order__establishment=world.lille, session=world.sessions[0]).earliest("pk")
    answer = staff.get(reverse("enrolment_cancel", args=[past.pk]))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("enrolment_detail", args=[past.pk])
    assert BANNER in staff.get(answer["Location"]).text


def test_a_file_that_leaves_no_line_is_closed_and_refused(world: World, staff: Client, tmp_path: Path) -> None:
    visit(staff, world.personas["administrator"])
    opened = []

    def answer(request: HttpRequest) -> FileResponse:
        opened.append((tmp_path / "papier.pdf").open("wb+"))
        return FileResponse(opened[0], content_type="text/html")

    request = RequestFactory().get(reverse("help"))
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "x"
    request.session, request.user = staff.session, world.personas["staff"]
    refused = Visits(answer)(request)
    assert refused.status_code == 403
    assert opened[0].closed


def test_another_error_of_the_database_is_not_taken_for_a_trace(world: World) -> None:
    request = RequestFactory().get("/")
    request.user = user = world.personas["standard"]
    user.visitor = world.personas["staff"]
    error = InternalError("autre chose")
    error.__cause__ = InFailedSqlTransaction()
    assert Visits(lambda request: HttpResponse()).process_exception(request, error) is None


def test_the_transaction_of_a_visit_can_only_read(world: World) -> None:
    """What the refusal of files rests on."""
    with pytest.raises(InternalError) as caught, transaction.atomic():  # noqa: PT012
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        User.objects.filter(pk=world.personas["standard"].pk).update(phone="06")
    assert getattr(caught.value.__cause__, "sqlstate", "") == "25006"
    User.objects.filter(pk=world.personas["standard"].pk).update(phone="06"), "and the next one writes again"


def test_a_visit_ends_by_itself(world: World, staff: Client) -> None:
    user = world.personas["standard"]
    visit(staff, user)
    session = staff.session
    session[VISIT] = {"user": user.pk, "since": (timezone.now() - LONGEST - timedelta(seconds=1)).isoformat()}
    session.save()
    assert staff.get(reverse("dashboard"))["Location"] == reverse("admin:index")
    assert VISIT not in staff.session
    visit(staff, user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert staff.get(reverse("dashboard")).status_code == 302


def test_a_right_that_goes_during_a_visit_is_gone_on_the_next_page(world: World, staff: Client) -> None:
    user = world.personas["standard"]
    visit(staff, user)
    order = Order.objects.filter(establishment=world.lille).earliest("pk")
    url = reverse("order_detail", args=[order.pk])
    assert staff.get(url).status_code == 200
    Access.objects.filter(user=user).delete()
    assert staff.get(url).status_code == 404


def test_who_leaves_the_team_visits_no_more(world: World, client_for: ClientFor) -> None:
    clerk = make_user("commis@ib.example", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user"]))
    client = client_for(clerk)
    assert visit(client, world.personas["standard"]).status_code == 302
    assert client.get(reverse("order_list")).context["user"] == world.personas["standard"]
    clerk.user_permissions.clear()
    answer = client.get(reverse("dashboard"))
    assert answer.status_code == 302
    assert VISIT not in client.session


def test_nobody_but_the_team_visits_and_never_the_team(world: World, client_for: ClientFor) -> None:
    boss, member = world.personas["staff"], world.personas["standard"]
    looker = make_user("regard@ib.example", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename="view_user"))
    assert may_visit(boss, member)
    assert not may_visit(boss, make_user("collegue@ib.example", is_staff=True))
    assert not may_visit(looker, member)
    assert not may_visit(world.personas["administrator"], member)
    assert visit(client_for(looker), member).status_code == 403
    assert visit(client_for(world.personas["administrator"]), member).status_code == 302, "to the login"
    request = RequestFactory().get("/")
    with pytest.raises(PermissionDenied):
        begin_visit(request, visitor=looker, user=member, reason="x")
    assert not AccessEvent.objects.filter(event="visited").exists()


def test_a_forged_visit_in_a_members_session_opens_nothing(world: World, client_for: ClientFor) -> None:
    client = client_for(world.personas["responsable"])
    session = client.session
    session[VISIT] = {"user": world.personas["administrator"].pk, "since": timezone.now().isoformat()}
    session.save()
    assert client.get(reverse("dashboard")).status_code == 302
    assert client.get(reverse("order_list")).context["user"] == world.personas["responsable"]


def test_the_choice_of_establishments_of_the_person_is_kept(world: World, staff: Client) -> None:
    user = world.personas["member_of_two"]
    User.objects.filter(pk=user.pk).update(shown_establishments=[world.nice.pk])
    visit(staff, user)
    listed = staff.get(reverse("order_list")).context["page"].total
    assert listed == Order.objects.filter(establishment=world.nice).count()
    of_lille = Order.objects.filter(establishment=world.lille).earliest("pk")
    assert staff.get(reverse("order_detail", args=[of_lille.pk])).status_code == 200
    assert EmailAddress.objects.filter(user=user, verified=True).exists()
