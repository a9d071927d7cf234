"""The mails of what happens to enrolments: one template, a heading, a few sentences, one link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.mails import link_to, send
from accounts.notifications import NotificationKind, wants
from accounts.typography import day_of_month, money
from enrolments.models import (
    Enrolment,
    EnrolmentEvent,
    ErasureRequest,
    ErasureState,
    EventKind,
    Participant,
    SessionProposal,
    WaitingEntry,
)
from enrolments.models.events import ProposalKind
from enrolments.order_mails import end_wait

if TYPE_CHECKING:
    from datetime import date, datetime

    from accounts.models import User
    from catalogue.models import Session


def _day(value: date) -> str:
    return f"{day_of_month(value)} {formats.date_format(value, 'F Y')}"


def _moment(value: datetime) -> str:
    local = timezone.localtime(value)
    return f"{_day(local.date())} à {local:%H:%M}"


def period(first: date, last: date) -> str:
    """Du 30 novembre 2026 au 2 décembre 2026; or the one day."""
    if first == last:
        return _("le %s") % _day(first)
    return _("du %(first)s au %(last)s") % {"first": _day(first), "last": _day(last)}


def new_dates(starts_on: date, ends_on: date, session: Session, reason: str) -> str:
    """What its history says of a session that we moved, once it has its new dates."""
    values = {"was": period(starts_on, ends_on), "now": period(session.starts_on, session.ends_on)}
    return " ".join(filter(None, (_("Prévue %(was)s, elle aura lieu %(now)s.") % values, reason)))[:300]


def _name(session: Session) -> str:
    """ "Python, les bases" du 12 janvier 2027 (Lille)"""
    place = f" ({session.city})" if session.city else ""
    return _("« %(title)s » du %(day)s%(place)s") % {
        "title": session.course.title,
        "day": _day(session.starts_on),
        "place": place,
    }


def _send(
    kind: NotificationKind, to: str, key: str, heading: str, sentences: Sequence[str], action: tuple[str, str]
) -> None:
    """A mail, to whoever did not decline this kind. `action`: the label and the address of its one link."""
    if wants(to, kind):
        label, url = action
        context = {"heading": heading, "sentences": sentences, "url": url, "label": label}
        send("enrolment_notice", to, context, key=key)


def tell_change(event: EnrolmentEvent, actor: User) -> None:
    """A change that somebody made, to the address of the order, once that was acknowledged; the order is locked."""
    end_wait(event.enrolment.order)
    enrolment, who = event.enrolment, _who(event)
    sentences = [_told(event, who), event.reason]
    if event.fee:
        sentences.append(_("Frais : %s HT.") % money(event.fee))
    sentences.append(_("Demandé par %s.") % (actor.get_full_name() or actor.email))
    _send(
        NotificationKind.ORDERS,
        enrolment.order_email,
        f"enrolment-event-{event.pk}",
        _("%(what)s : %(who)s") % {"what": event.get_kind_display(), "who": who},
        [sentence for sentence in sentences if sentence],
        (_("Voir l’inscription"), link_to("enrolment_detail", enrolment.pk)),
    )


def _who(event: EnrolmentEvent) -> str:
    """Whose enrolment it is from now on."""
    return str(event.participant_after or event.enrolment.participant or _("place à désigner"))


def _told(event: EnrolmentEvent, who: str) -> str:
    """What happened, to a reader who sees nothing but this mail: who, and which session."""
    if event.kind == EventKind.CANCELLED and event.session_before:
        return _("L’inscription à %(session)s est annulée (%(who)s).") % {
            "session": _name(event.session_before),
            "who": who,
        }
    if event.kind == EventKind.MOVED and event.session_before and event.session_after:
        values = {"who": who, "before": _name(event.session_before), "after": _name(event.session_after)}
        return _("L’inscription passe de %(before)s à %(after)s (%(who)s).") % values
    return _("%(what)s La session est %(session)s.") % {
        "what": sentence_of(event),
        "session": _name(event.enrolment.session),
    }


def sentence_of(event: EnrolmentEvent) -> str:
    """What happened, in one sentence. Needs the event's participants and sessions, with their courses."""
    before, after = event.participant_before, event.participant_after
    if event.kind == EventKind.NAMED:
        return _("%s prend la place qui restait à désigner.") % after
    if event.kind == EventKind.SUBSTITUTED:
        return _("%(after)s remplace %(before)s.") % {"after": after, "before": before}
    if event.kind == EventKind.MOVED and event.session_before and event.session_after:
        values = {"before": _name(event.session_before), "after": _name(event.session_after)}
        return _("De %(before)s à %(after)s.") % values
    if event.kind == EventKind.SESSION_MOVED:
        return event.reason
    if event.session_before and event.kind in (EventKind.CANCELLED, EventKind.SESSION_CANCELLED):
        said = _("La session était %s.") % _name(event.session_before)
        return " ".join(filter(None, (said, event.reason if event.kind == EventKind.SESSION_CANCELLED else "")))
    return ""


def tell_offer(entry: WaitingEntry) -> None:
    """A seat is free: to whoever is next."""
    held_until = entry.held_until
    assert held_until is not None  # noqa: S101  # an offer has its end (a constraint)
    _send(
        NotificationKind.WAITING_LIST,
        entry.order_email,
        f"waiting-offer-{entry.pk}",
        _("Une place s’est libérée"),
        [
            _("Une place se libère dans %s.") % _name(entry.session),
            _("Elle vous est réservée jusqu’au %s. Ensuite, elle passe à la personne suivante.") % _moment(held_until),
        ],
        (_("Répondre"), link_to("waiting_detail", entry.pk)),
    )


def tell_expired(entry: WaitingEntry) -> None:
    """The seat was not answered in time."""
    _send(
        NotificationKind.WAITING_LIST,
        entry.order_email,
        f"waiting-expired-{entry.pk}",
        _("La place n’est plus réservée"),
        [
            _("Le délai pour répondre est passé : la place dans %s est proposée à la personne suivante.")
            % _name(entry.session)
        ],
        (_("Voir mes listes d’attente"), link_to("waiting_list")),
    )


def tell_proposal(proposal: SessionProposal) -> None:
    """The company cancelled or moved a session: to the address of an order with people in it, which is locked."""
    end_wait(proposal.order)
    session, cancelled = proposal.session, proposal.kind == ProposalKind.CANCELLED
    was = period(proposal.previous_starts_on, proposal.previous_ends_on)
    values = {"title": session.course.title, "was": was, "now": period(session.starts_on, session.ends_on)}
    if cancelled:
        said = _("Nous devons annuler la session « %(title)s » %(was)s.") % values
    else:
        said = _("La session « %(title)s » %(was)s aura lieu %(now)s.") % values
    if cancelled:
        asked = _("Choisissez pour chaque personne une autre session, ou annulez sans frais.")
    else:
        asked = _("Pour chaque personne, gardez ces dates, choisissez une autre session, ou annulez sans frais.")
    _send(
        NotificationKind.SESSIONS,
        proposal.order.order_email,
        f"session-proposal-{proposal.pk}",
        (_("Session annulée : %s") if cancelled else _("Nouvelles dates : %s")) % session.course.title,
        [sentence for sentence in (said, proposal.reason, _concerned(proposal), asked) if sentence],
        (_("Choisir"), link_to("proposal_detail", proposal.pk)),
    )


def _concerned(proposal: SessionProposal) -> str:
    """Of which order, and who has a choice to make."""
    seats = Enrolment.objects.filter(order=proposal.order_id, session=proposal.session_id).active()
    people = [
        str(one.participant or _("place à désigner")) for one in seats.select_related("participant").order_by("pk")
    ]
    values = {"order": proposal.order.number, "people": ", ".join(people)}
    return _("Commande %(order)s, pour : %(people)s.") % values


def tell_erasure(request: ErasureRequest) -> None:
    """Our answer, to whoever asked: within a month, with the reasons of a refusal (RGPD, article 12)."""
    asker = request.requested_by
    if asker is None or not asker.is_active:
        return
    done = request.state == ErasureState.DONE
    participant = Participant.objects.get(pk=request.participant_id)  # as it is now: an erased name goes nowhere
    asked = {"day": _day(timezone.localdate(request.requested_at)), "who": participant}
    if done:
        said = _("Votre demande du %(day)s est traitée : la fiche est désormais « %(who)s ».") % asked
    else:
        said = _("Nous ne donnons pas suite à votre demande du %(day)s, au sujet de %(who)s.") % asked
    context = {
        "heading": _("Données effacées") if done else _("Demande d’effacement refusée"),
        "sentences": [said, *request.answer.splitlines()],
        "url": link_to("participant_detail", participant.pk),
        "label": _("Voir la fiche"),
    }
    send("enrolment_notice", asker.email, context, key=f"erasure-{request.pk}")
