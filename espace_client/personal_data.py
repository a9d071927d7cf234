"""What the portal holds on a person, for themselves (GDPR, articles 15 and 20): words and dates, no secret."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Access, AccessEvent, Invitation, RemovedAccess, User
from accounts.notifications import NotificationKind, declined_by
from documents.models import Acceptance, Deposit, Serving
from enrolments.models import Enrolment, Order, Participant

Section = list[dict[str, Any]]


def personal_data(user: User) -> dict[str, Any]:
    """Everything, by section, under French names that stay the same.

    What is tied to an address alone (orders, a colleague's training) is here only once the address is proved. It is
    read whole: what the person chose to look at, or may no longer see, changes nothing to what is held about them.
    """
    address = User.objects.rights_of(user.pk).email
    return {
        "date": timezone.now(),
        "compte": _account(user),
        "adresses": _rows(EmailAddress.objects.filter(user=user), adresse="email", verifiee="verified"),
        "notifications_refusees": [NotificationKind(one).label for one in sorted(declined_by(user))],
        "acces": _accesses(user),
        "acces_retires": _rows(
            RemovedAccess.objects.filter(user=user), etablissement="establishment__name", retire_le="removed_at"
        ),
        "securite": _security(user),
        "journal_des_acces": _events(user),
        "documents_ouverts": _servings(user),
        "pieces_deposees_et_signees": _papers(user),
        "commandes": _orders(address),
        "mes_formations": _trainings(address),
    }


def _rows(rows: QuerySet[Any], **names: str) -> Section:
    """The rows, with these columns under these names."""
    return [dict(zip(names, values, strict=True)) for values in rows.values_list(*names.values())]


def _account(user: User) -> dict[str, Any]:
    return {
        "adresse": user.email,
        "civilite": user.civility,
        "prenom": user.first_name,
        "nom": user.last_name,
        "fonction": user.job_title,
        "telephone": user.phone,
        "ouvert_le": user.date_joined,
        "derniere_connexion": user.last_login,
        "equipe_interne": user.is_staff,
        "etablissements_affiches": user.shown_establishments,
    }


def _accesses(user: User) -> Section:
    return [
        {
            "etablissement": access.establishment.name,
            "siret": access.establishment.siret,
            "niveau": access.get_role_display(),
            "types": sorted(user.whole_rights.types_in(access.establishment_id)),
            "donne_le": access.granted_at,
            "prend_fin_le": access.ends_at,
        }
        for access in Access.objects.filter(user=user).select_related("establishment").order_by("pk")
    ]


def _security(user: User) -> dict[str, Section]:
    """When and where, never a key or a code."""
    return {
        "seconds_facteurs": _rows(
            Authenticator.objects.filter(user=user), type="type", ajoute_le="created_at", dernier_usage="last_used_at"
        ),
        "sessions": _rows(
            UserSession.objects.filter(user=user),
            adresse_ip="ip",
            navigateur="user_agent",
            ouverte_le="created_at",
            vue_le="last_seen_at",
        ),
    }


def _events(user: User) -> Section:
    events = AccessEvent.objects.filter(Q(subject_email=user.email) | Q(actor=user)).order_by("at", "pk")
    told = [
        {
            "le": event.at,
            "evenement": event.get_event_display(),
            "personne_concernee": event.subject_email,
            "etablissement": event.establishment_name,
            "par": event.actor_email,
            "details": event.sentence,
        }
        for event in events
    ]
    invitations = Invitation.objects.filter(Q(accepted_by=user) | Q(invited_by=user))
    return told + _rows(invitations, invite="email", etablissement="establishment__name", le="invited_at")


def _servings(user: User) -> Section:
    return _rows(
        Serving.objects.filter(user=user).order_by("at", "pk"),
        le="at",
        document="document__number",
        resultat="outcome",
        adresse_ip="ip_address",
        navigateur="user_agent",
    )


def _papers(user: User) -> Section:
    deposits = Deposit.objects.filter(user_email=user.email)
    signed = Acceptance.objects.filter(user_email=user.email)
    return _rows(deposits.order_by("pk"), document="document__number", le="at", fichier="original_name") + _rows(
        signed.order_by("pk"), document="document__number", le="at", nom="name", adresse_ip="ip_address"
    )


def _orders(address: str | None) -> Section:
    if address is None:
        return []
    return _rows(
        Order.objects.filter(order_email=address).order_by("placed_on", "pk"),
        commande="number",
        date="placed_on",
        etat="state",
        etablissement="establishment__name",
    )


def _trainings(address: str | None) -> Section:
    """What the person was trained in, where an order names their address as that of a trainee."""
    if address is None:
        return []
    enrolments = Enrolment.objects.filter(participant__in=Participant.objects.filter(email=address))
    return _rows(
        enrolments.order_by("starts_on", "pk"),
        inscription="number",
        prenom="participant__first_name",
        nom="participant__last_name",
        formation="session__course__title",
        debut="starts_on",
        etat="state",
    )
