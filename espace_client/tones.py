"""Which colour a state wears. A tone is never alone: the badge has a word and an icon of its own shape."""

from typing import Final

GOOD, WARM, BAD, BRAND, MUTED = "good", "warm", "bad", "brand", "muted"

TONES: Final[dict[str, dict[str, str]]] = {
    "order": {
        "to_approve": WARM,
        "pending": WARM,
        "validated": GOOD,
        "done": MUTED,
        "refused": BAD,
        "cancelled": MUTED,
    },
    "enrolment": {
        "pending": WARM,
        "waiting": WARM,
        "confirmed": BRAND,
        "present": GOOD,
        "partial": WARM,
        "absent": BAD,
        "cancelled": MUTED,
    },
    "session": {
        "open": MUTED,
        "confirmed": BRAND,
        "guaranteed": GOOD,
        "full": WARM,
        "cancelled": BAD,
        "done": MUTED,
    },
}
_ANY: Final = TONES["session"] | TONES["enrolment"] | TONES["order"]

TONE_ICONS: Final[dict[str, str]] = {
    GOOD: "check",
    WARM: "hourglass",
    BAD: "circle-alert",
    BRAND: "calendar-check",
    MUTED: "circle",
}

TYPE_ICONS: Final[dict[str, str]] = {
    "facture": "receipt-euro",
    "avoir": "receipt-text",
    "convention": "handshake",
    "bon_pour_accord": "file-signature",
    "bon_de_commande": "shopping-cart",
    "prise_en_charge": "hand-coins",
    "convocation": "ticket",
    "emargement": "clipboard-pen-line",
    "evaluation": "star",
    "attestation": "award",
}


def tone_of(state: object, kind: str = "") -> str:
    """The tone of a state; `kind` ("order", "enrolment", "session") settles what the word alone does not."""
    return TONES.get(kind, _ANY).get(str(state), MUTED)


def type_icon(document_type: object) -> str:
    """The icon of a document type; a type nobody drew looks like a sheet of paper."""
    return TYPE_ICONS.get(str(document_type), "file-text")
