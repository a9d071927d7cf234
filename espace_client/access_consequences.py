"""What changing or removing an access does to the person, in full sentences with figures, said before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.document_types import PRICED_TYPES, DocumentType
from accounts.models import Access, User
from accounts.roles import Role
from documents.models import Document
from enrolments.models import Enrolment
from espace_client.formatting import long_date, number


@dataclass(frozen=True)
class Change:
    """What an access is, or becomes."""

    role: Role
    types: frozenset[DocumentType]
    ends_at: datetime | None

    @property
    def opened(self) -> frozenset[DocumentType]:
        return frozenset(DocumentType) if self.role == Role.ADMINISTRATOR else self.types


def of_removal(access: Access, actor: User) -> list[str]:
    """Everything that the person no longer sees, what they keep, and when."""
    place, leaver = access.establishment, access.user
    kept_account = _("Son compte n’est pas supprimé : seul son accès à %s prend fin.") % place.name
    if access.ended:
        return [_("Sa délégation est terminée : elle ne voit déjà plus rien par cet accès."), kept_account]
    enrolments = Enrolment.objects.visible_to(actor).filter(establishment=place)
    lost, kept = enrolments.count(), 0
    if leaver.rights.email is not None:
        kept = enrolments.filter(order_email=leaver.rights.email).count()
        lost -= kept
    opened = Document.objects.visible_to(leaver).filter(establishment=place)
    documents = opened.exclude(order_email=leaver.rights.email).count() if leaver.rights.email else opened.count()
    sentences = [_enrolments(lost, place.name)]
    if documents:
        text = ngettext(
            "Elle n’ouvrira plus le document qui lui est ouvert aujourd’hui.",
            "Elle n’ouvrira plus les %(count)s documents qui lui sont ouverts aujourd’hui.",
            documents,
        )
        sentences.append(text % {"count": number(documents)})
    if access.role == Role.ADMINISTRATOR:
        sentences.append(
            _("Elle ne donnera plus d’accès ; les invitations qu’elle a envoyées ne pourront plus être acceptées.")
        )
    sentences.append(
        _("C’est immédiat : dès sa prochaine page, sur les appareils où elle est connectée, et dans les liens reçus.")
    )
    if kept:
        text = ngettext(
            "Elle gardera l’inscription commandée avec son adresse (%(email)s).",
            "Elle gardera les %(count)s inscriptions commandées avec son adresse (%(email)s).",
            kept,
        )
        sentences.append(text % {"count": number(kept), "email": leaver.email})
    return [*sentences, kept_account]


def _enrolments(lost: int, place: str) -> str:
    text = ngettext(
        "Cette personne ne verra plus l’inscription de %(place)s.",
        "Cette personne ne verra plus les %(count)s inscriptions de %(place)s.",
        lost,
    )
    if not lost:
        text = _("Cette personne ne verra plus l’historique de %(place)s.")
    return text % {"count": number(lost), "place": place}


def of_change(access: Access, types: frozenset[DocumentType], wanted: Change, actor: User) -> list[str]:
    """What the person will and will no longer open; `types` are those ticked today."""
    before = Change(Role(access.role), types, access.ends_at)
    counts = _counts(access, actor)
    sentences = _level(before, wanted, access.establishment.name)
    gained = wanted.opened if access.ended else wanted.opened - before.opened
    if gained:
        sentences.append(_("Cette personne ouvrira désormais : %s.") % _types(gained, counts))
    if lost := before.opened - wanted.opened:
        sentences.append(_("Elle n’ouvrira plus : %s.") % _types(lost, counts))
    if before.opened & PRICED_TYPES and not wanted.opened & PRICED_TYPES:
        sentences.append(_("Elle ne verra plus aucun prix."))
    if wanted.opened & PRICED_TYPES and not before.opened & PRICED_TYPES:
        sentences.append(_("Elle verra aussi les prix."))
    if wanted.ends_at != before.ends_at:
        sentences.append(_end(wanted.ends_at))
    return [*sentences, _("C’est effectif dès sa prochaine page.")]


def _level(before: Change, wanted: Change, place: str) -> list[str]:
    if before.role == wanted.role:
        return []
    forgotten = _("Les documents partagés avec elle ou retirés un par un reviennent à la règle de leur type.")
    if wanted.role == Role.ADMINISTRATOR:
        promoted = _("Cette personne deviendra administratrice de %s : tout l’historique, tous les documents et prix.")
        power = _("Elle pourra inviter, modifier et retirer des accès, y compris le vôtre.")
        return [promoted % place, power, forgotten]
    lowered = _("Cette personne ne sera plus administratrice de %s : elle gardera l’historique, en accès standard.")
    power = _("Elle ne donnera plus d’accès ; les invitations qu’elle a envoyées ne pourront plus être acceptées.")
    return [lowered % place, power]


def _counts(access: Access, actor: User) -> dict[str, int]:
    rows = Document.objects.visible_to(actor).filter(establishment=access.establishment).order_by().values_list("type")
    return dict(rows.annotate(found=Count("pk")))


def _types(types: frozenset[DocumentType], counts: dict[str, int]) -> str:
    return ", ".join(f"{one.label} ({number(counts.get(one, 0))})" for one in DocumentType if one in types)


def _end(ends_at: datetime | None) -> str:
    if ends_at is None:
        return _("Son accès n’aura pas de date de fin.")
    last = timezone.localtime(ends_at - timedelta(seconds=1)).date()
    return _("Son accès s’arrêtera de lui-même le %s au soir.") % long_date(last)
