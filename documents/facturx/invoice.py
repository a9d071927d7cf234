"""The XML of an invoice or avoir, from its Paper: the same figures, rounded the same way, under the codes of EN 16931.

BT and BG codes are the terms of EN 16931-1; French rules (notes PMT, PMD and AAB, SIREN under 0002, electronic address
under 0225) are those of XP Z12-012, "Flux 2". Amounts are EUR. An avoir is a credit note (381): its amounts, negative
on paper, are positive here: its type already says in whose favour they are.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from facturx.generate_xml import generate_cii_xml

from documents.papers import Paper, Party, Provider
from documents.papers.bill import Bill, BillLine, VatRow
from documents.papers.mentions import EXEMPTION, FLAT_INDEMNITY, LATE_PENALTIES, NO_DISCOUNT

INVOICE, CREDIT_NOTE = "380", "381"  # UNTDID 1001
SERVICES = "S1"  # BT-23: an invoice of services, deposited as such
UNDEFINED_MEANS, SEPA_TRANSFER = "1", "58"  # UNTDID 4461
SIREN, SIRET, ELECTRONIC_ADDRESS = "0002", "0009", "0225"  # ISO 6523
UNIT = "C62"  # one: a seat
EXEMPTION_CODE = "VATEX-EU-132-1I"  # directive 2006/112/EC, art. 132(1)(i): vocational training
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TOWN = re.compile(r"^(?P<street>.*?),?\s+(?P<postcode>[0-9]{5})\s+(?P<city>[^,]+)$")


def xml_of(paper: Paper) -> bytes:
    """Write the invoice. Raises ValueError when a term that EN 16931 requires is missing."""
    facts: Any = paper.facts
    bill: Bill = facts["bill"]
    credited = facts.get("credited")
    sign = -1 if credited else 1
    data: dict[str, Any] = {
        "BT-1": paper.number,
        "BT-2": paper.issued_on,
        "BT-3": CREDIT_NOTE if credited else INVOICE,
        "BT-5": "EUR",
        "BT-14": facts["order_number"],
        "BT-13": facts["purchase_order_number"],
        "BT-20": _terms(facts),
        "BT-23": SERVICES,
        "BG-1": _notes(paper),
        "BG-3": [{"BT-25": credited["number"], "BT-26": credited["date"]}] if credited else [],
        "BG-4": _seller(facts["provider"]),
        "BG-7": _buyer(facts["client"]),
        "BG-23": [_vat(row, sign) for row in bill.vat],
        "BG-25": [_line(line, rank, sign) for rank, line in enumerate(bill.lines, 1)],
        **_period(facts["service_dates"]),
        **_totals(bill, sign),
    }
    if not credited:  # of an avoir nothing is to be paid to us
        data |= {"BT-9": facts["due_on"], **_payment(facts["provider"], paper.number)}
    options: Any = {"level": "en16931", "check_xsd": False, "check_schematron": False}
    content: bytes = generate_cii_xml(writable(data), **options)
    return content


def writable(value: Any) -> Any:
    """The same data without the characters that XML cannot hold (1.0, 2.2): what a form let in by accident."""
    if isinstance(value, dict):
        return {key: writable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [writable(one) for one in value]
    return _UNWRITABLE.sub("", value) if isinstance(value, str) else value


def amount(value: Decimal) -> str:
    """An amount as EN 16931 writes it: two decimals, a point; nothing is 0.00, never -0.00."""
    return f"{value + 0:.2f}"


def _terms(facts: Any) -> str:
    """BT-20: what is owed, by whom, when; with subrogation the OPCO's part and the client's."""
    if facts.get("credited"):
        return str(facts["credited"]["reason"])
    parts = [f"Virement à {facts['payment_days']} jours."]
    if funding := facts.get("funding"):
        parts.append(
            f"Subrogation : {funding.opco}, dossier {funding.file_number}, règle {amount(funding.part)} EUR ; "
            f"le client règle {amount(funding.remainder_of(facts['bill'].total))} EUR."
        )
    return " ".join(parts)


def _notes(paper: Paper) -> list[dict[str, str]]:
    """BG-1: what Code de commerce L441-9, L441-10 and D441-5 have an invoice say, under the codes that France chose."""
    notes = [{"BT-22": paper.subject}]
    if paper.facts["provider"].legal:
        notes.append({"BT-21": "REG", "BT-22": paper.facts["provider"].legal})
    french = (("PMT", FLAT_INDEMNITY), ("PMD", LATE_PENALTIES), ("AAB", NO_DISCOUNT))
    return notes + [{"BT-21": code, "BT-22": text} for code, text in french]


def _seller(provider: Provider) -> dict[str, Any]:
    """BG-4: the provider. Its settings give the address in one line, from which postcode and town are read."""
    found = _TOWN.match(provider.address)
    address = found.groupdict() if found else {"street": provider.address, "postcode": "", "city": ""}
    return {
        "name": provider.name,
        "addr_l1": address["street"],
        "postcode": address["postcode"],
        "city": address["city"],
        **_identity(provider.siret, provider.vat_number),
        "contacts": [{"name": provider.name, "phone": provider.phone, "email": provider.email}],
    }


def _buyer(client: Party) -> dict[str, Any]:
    """BG-7: the client; the establishment is the trading name when the company has another."""
    return {
        "name": client.company or client.name,
        "biz_name": client.name if client.company else "",
        "addr_l1": client.address,
        "postcode": client.postal_code,
        "city": client.city,
        **_identity(client.siret, client.vat_number),
    }


def _identity(siret: str, vat_number: str) -> dict[str, Any]:
    return {
        "country_code": "FR",
        "identifiers": {SIRET: siret},
        "legal_identifier": siret[:9],
        "legal_identifier_schemeid": SIREN,
        "vat_identifier": vat_number,
        "einvoicing_addr": siret[:9],
        "einvoicing_addr_schemeid": ELECTRONIC_ADDRESS,
    }


def _category(rate: Decimal) -> str:
    """UNTDID 5305: standard rate, or exempt."""
    return "S" if rate else "E"


def _percent(rate: Decimal) -> str:
    return f"{rate:.2f}"


def _line(line: BillLine, rank: int, sign: int) -> dict[str, Any]:
    """BG-25. The discount of the accord is that of the unit price: gross BT-148, taken off BT-147, net BT-146."""
    content = {
        "BT-126": str(rank),
        "BT-127-00": [{"BT-127": ", ".join(line.trainees)}],
        "BT-129": str(sign * line.quantity),
        "BT-130": UNIT,
        "BT-131": amount(sign * line.total),
        "BT-146": amount(line.price),
        "BT-151": _category(line.vat_rate),
        "BT-152": _percent(line.vat_rate),
        "BT-153": line.title,
        "BT-154": f"Session {line.session_code}" + (f", accord-cadre {line.accord}" if line.accord else ""),
        "BT-155": line.reference,
    }
    if line.saving:
        content["BT-148"] = amount(line.public_price)
        content["BT-147-00"] = [{"BT-147": amount(line.public_price - line.price)}]
    return content


def _vat(row: VatRow, sign: int) -> dict[str, str]:
    """BG-23: one per rate, or the exemption with its reason (CGI, art. 261-4-4° a)."""
    content = {
        "BT-116": amount(sign * row.base),
        "BT-117": amount(sign * row.amount),
        "BT-118": _category(row.rate),
        "BT-119": _percent(row.rate),
    }
    return content if row.rate else {**content, "BT-120": EXEMPTION, "BT-121": EXEMPTION_CODE}


def _period(service: tuple[date, date]) -> dict[str, date]:
    """BT-72 to BT-74: when the service was given."""
    return {"BT-72": service[1], "BT-73": service[0], "BT-74": service[1]}


def _payment(provider: Provider, number: str) -> dict[str, str]:
    """BG-16: a transfer to our account; a transfer to none would be refused (CII-SR-470)."""
    if not provider.iban:
        return {"BT-81": UNDEFINED_MEANS, "BT-83": number}
    return {"BT-81": SEPA_TRANSFER, "BT-83": number, "BT-84": provider.iban}


def _totals(bill: Bill, sign: int) -> dict[str, str]:
    """BG-22. What is due is the whole: a subrogated OPCO pays a part of it, it does not lessen it."""
    vat = bill.total - bill.net
    return {
        "BT-106": amount(sign * bill.net),
        "BT-109": amount(sign * bill.net),
        "BT-110": amount(sign * vat),
        "BT-112": amount(sign * bill.total),
        "BT-115": amount(sign * bill.total),
    }
