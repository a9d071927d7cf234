"""Sending what an invitation form says: the good addresses go, the others come back with what is wrong."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from accounts.access_forms import InviteForm
from accounts.domains import domain_of, imitated, known_domains
from accounts.invitations import invite
from accounts.models import User


@dataclass(frozen=True)
class Kept:
    """An address that did not go. `reasons`: what is wrong with it; `imitates`: the domain that it looks like."""

    line: int
    raw: str
    reasons: tuple[str, ...] = ()
    email: str = ""
    imitates: str = ""


@dataclass
class Outcome:
    """The addresses to which an invitation left, and those that stay in the form."""

    sent: list[str] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    @property
    def wrong(self) -> list[Kept]:
        return [one for one in self.kept if not one.imitates]

    @property
    def doubtful(self) -> list[Kept]:
        return [one for one in self.kept if one.imitates]

    @property
    def text(self) -> str:
        """What stays in the form: nothing typed is lost."""
        return "\n".join(one.raw for one in self.kept)


def send_invitations(form: InviteForm, user: User, sure: Collection[str]) -> Outcome:
    """Invite the addresses of a valid form. One whose domain looks like the company's waits until it is in `sure`.

    Raises as `invite` does; then nothing left.
    """
    places = list(form.cleaned_data["establishments"])
    known = frozenset[str]().union(*known_domains(place.company for place in places).values())
    outcome, good = Outcome(), {}
    for typed in form.cleaned_data["emails"]:
        like = imitated(typed.email, known) if typed.email and typed.email not in sure else None
        if typed.error:
            outcome.kept.append(Kept(typed.line, typed.raw, (typed.error,)))
        elif like:
            outcome.kept.append(Kept(typed.line, typed.raw, email=typed.email, imitates=like))
        else:
            good[typed.email] = typed
    result = invite(emails=list(good), establishments=places, offer=form.offer, actor=user)
    outcome.sent = result.sent
    for email, reasons in result.refused.items():
        outcome.kept.append(Kept(good[email].line, good[email].raw, tuple(reasons)))
    outcome.kept.sort(key=lambda one: one.line)
    return outcome


def warning_about(kept: Kept) -> str:
    """The sentence before an address that may be a trap."""
    values = {"email": kept.email, "domain": domain_of(kept.email), "known": kept.imitates}
    return _("%(email)s : « %(domain)s » ressemble à « %(known)s » sans l’être.") % values
