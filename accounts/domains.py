"""Whose addresses are a company's own: its domains, addresses outside them, and domains that only look like them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from accounts.models import Access, Company
from accounts.roles import Role

# Mailboxes that anybody can open: they never tell a company apart.
PUBLIC_PROVIDERS = frozenset(
    [
        *("gmail.com", "googlemail.com", "outlook.com", "outlook.fr", "hotmail.com", "hotmail.fr", "live.com"),
        *("live.fr", "msn.com", "yahoo.com", "yahoo.fr", "icloud.com", "me.com", "proton.me", "protonmail.com"),
        *("gmx.com", "gmx.fr", "orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "neuf.fr", "bbox.fr", "laposte.net"),
        *("numericable.fr", "aol.com", "mail.com"),
    ]
)
# What a hurried eye takes for something else.
CONFUSED = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"), ("-", ""))


def domain_of(email: str) -> str:
    return email.rpartition("@")[2]


def known_domains(companies: Iterable[Company]) -> dict[int, frozenset[str]]:
    """The domains of each company, by its id: those that staff or the ERP gave.

    A company without any has those of its administrators' addresses, public providers left out; without an
    administrator, none: then nobody is outside. One query at most.
    """
    known = {company.pk: frozenset(domain.lower() for domain in company.email_domains) for company in companies}
    missing = [pk for pk, domains in known.items() if not domains]
    if missing:
        rows = Access.objects.in_force().filter(role=Role.ADMINISTRATOR, establishment__company__in=missing)
        for pk, email in rows.values_list("establishment__company", "user__email").distinct():
            known[pk] |= {domain_of(email)} - PUBLIC_PROVIDERS
    return known


def is_outside(email: str, known: Collection[str]) -> bool:
    """Whether an address belongs to none of these domains nor to a part of one; False when none is known."""
    domain = domain_of(email)
    return bool(known) and not any(domain == one or domain.endswith(f".{one}") for one in known)


def imitated(email: str, known: Collection[str]) -> str | None:
    """The known domain that the address's domain looks like without being it, or None.

    One letter more, less, changed or swapped (two in a long name), letters that are taken for others (rn, m), the same
    name under another ending, with a word beside it (solvane-rh.fr) or inside another domain (solvane.fr.portail.com).
    """
    domain = _shown(domain_of(email))
    if not is_outside(f"@{domain_of(email)}", known) or domain in PUBLIC_PROVIDERS:
        return None
    return next((one for one in sorted(known) if _looks_like(domain, _shown(one))), None)


def _shown(domain: str) -> str:
    """The domain as a person reads it: letters instead of punycode."""
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


def _looks_like(domain: str, known: str) -> bool:
    name, known_name = _name(domain), _name(known)
    if name == known_name or known_name in name.split("-") or domain.startswith(f"{known}."):
        return True
    if _skeleton(domain) == _skeleton(known):
        return True
    most = 1 if len(known_name) < 8 else 2
    return len(known_name) > 3 and distance(name, known_name, most) <= most


def _name(domain: str) -> str:
    """What is read of a domain: all but its last label."""
    return domain.rpartition(".")[0]


def _skeleton(domain: str) -> str:
    for confused, with_ in CONFUSED:
        domain = domain.replace(confused, with_)
    return domain


def distance(one: str, other: str, most: int) -> int:
    """How many letters are added, dropped, changed or swapped with the next; `most` + 1 for any number beyond."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        previous, before, row = before, row, [i]
        for j, facing in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != facing))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == facing:
                cost = min(cost, previous[j - 2] + 1)
            row.append(cost)
    return min(row[-1], most + 1)
