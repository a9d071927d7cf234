"""French plurals for texts that no catalogue holds: the portal's own, whose source language is French."""

from __future__ import annotations

from gettext import NullTranslations

from django.conf import settings
from django.utils.translation.trans_real import translation


class FrenchTexts(NullTranslations):
    """What a text without translation becomes: itself, in the singular below two ("0 document", "1,5 jour").

    gettext's own rule for such texts is English, where zero is plural.
    """

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return msgid1 if abs(n) < 2 else msgid2

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        return self.ngettext(msgid1, msgid2, n)


def use_french_plurals() -> None:
    """Put FrenchTexts behind Django's French catalogue."""
    translation(settings.LANGUAGE_CODE).add_fallback(FrenchTexts())
