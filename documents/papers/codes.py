"""QR codes: drawings of our own making, put into papers."""

from __future__ import annotations

from urllib.parse import urlencode

import segno
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from .training import SessionFacts

INK = "#14213d"
MAP = "https://www.openstreetmap.org/search"
LONGEST_PLACE = 120  # characters, of twelve each in an address at most: a QR holds 2,331


def qr(url: str, title: str) -> SafeString:
    """The address as an SVG; `title` says it to whoever does not see it."""
    drawn = segno.make(url, error="m", micro=False).svg_inline(border=0, scale=1, dark=INK, title=title)
    return mark_safe(drawn)  # noqa: S308 - segno escapes the title; the address is only drawn


def way_to(session: SessionFacts) -> SafeString | None:
    """The QR of a convocation: the link of a remote session, else its address on a map; None when neither is known."""
    if session.link:
        return qr(session.link, _("Code QR : le lien de connexion"))
    place = ", ".join(part for part in (session.venue, session.city) if part)[:LONGEST_PLACE]
    if not place:
        return None
    return qr(f"{MAP}?{urlencode({'query': place})}", _("Code QR : l’adresse sur un plan"))
