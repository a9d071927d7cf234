"""What an administrator does with an invitation that waits: send it again, take it back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Invitation
from tests.accounts.test_invitations import INVITE, browser, form, link_in
from tests.conftest import ClientFor
from tests.worlds import World

__all__ = ["browser"]


def test_resending_makes_a_new_link_and_kills_the_old_one(world: World, browser: Client, client_for: ClientFor) -> None:
    browser.post(INVITE, form(world, "x@armor.example"))
    invitation = Invitation.objects.get()
    url = reverse("invitation_resend", args=[invitation.pk])
    assert "quelques minutes" in browser.post(url, follow=True).text, "a mail has just left"
    Invitation.objects.update(invited_at=timezone.now() - timedelta(days=13), expires_at=timezone.now())
    colleague = client_for(world.personas["member_of_two"])
    assert "Invitation renvoyée" in colleague.post(url, follow=True).text
    old, new = (link_in(one) for one in mail.outbox)
    visitor = client_for(None)
    assert visitor.get(old, follow=True).status_code == 404
    assert visitor.get(new, follow=True).status_code == 200
    invitation.refresh_from_db()
    assert invitation.invited_by == world.personas["member_of_two"], "whoever sends it vouches for it"


def test_a_revoked_invitation_is_over(world: World, browser: Client, client_for: ClientFor) -> None:
    browser.post(INVITE, form(world, "x@armor.example"))
    invitation = Invitation.objects.get()
    url = reverse("invitation_revoke", args=[invitation.pk])
    assert "Révoquer l’invitation" in browser.get(url).text
    assert Invitation.objects.pending().exists(), "looking changes nothing"
    browser.post(url)
    page = client_for(None).get(link_in(mail.outbox[0]), follow=True)
    assert page.status_code == 410
    assert "n’est plus valable" in page.text
    for again in (url, reverse("invitation_resend", args=[invitation.pk])):
        assert "a déjà été révoquée" in browser.post(again, follow=True).text


@pytest.mark.parametrize("route", ["invitation_resend", "invitation_revoke"])
def test_the_invitations_of_others_answer_404(route: str, world: World, browser: Client, client_for: ClientFor) -> None:
    browser.post(INVITE, form(world, "x@armor.example"))
    before = Invitation.objects.values().get()
    url = reverse(route, args=[before["id"]])
    for persona in ("neighbour", "standard", "ex_member", "responsable", "delegate_ended", "staff"):
        assert client_for(world.personas[persona]).post(url).status_code == 404
    assert Invitation.objects.values().get() == before
