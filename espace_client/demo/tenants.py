"""The demonstration's companies and people, with their accesses, pending invitations and one access taken away."""

import hashlib
import unicodedata
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from guardian.shortcuts import assign_perm
from stdnum.luhn import calc_check_digit

from accounts.models import Access, AccessReview, Company, Establishment, Invitation, RemovedAccess, User
from accounts.roles import Role
from documents.papers.parties import vat_number_of
from enrolments.models import Participant

from .cast import FIRMS, FIRST_NAMES, INVITATIONS, LAST_NAMES, PASSWORD, PEOPLE, REVIEWS, Entry, Firm, Person
from .story import Story

TRAINEES = 14  # known colleagues of each establishment


def keyed(body: str) -> str:
    """A SIREN or SIRET from its digits without the last: the Luhn key that makes it valid."""
    return body + str(calc_check_digit(body))


def make_companies(story: Story) -> None:
    for firm in FIRMS:
        siren = keyed(firm.siren_body)
        company = Company.objects.create(siren=siren, name=firm.name, email_domains=[firm.domain])
        for rank, place in enumerate(firm.places, 1):
            story.places[place.key] = Establishment.objects.create(
                company=company,
                siret=keyed(f"{siren}{rank:04d}"),
                name=place.name,
                address=place.address,
                postal_code=place.postal_code,
                city=place.city,
                vat_number=vat_number_of(siren),
                billing_email=f"factures@{firm.domain}",
            )
        _make_trainees(story, firm, company)


def _make_trainees(story: Story, firm: Firm, company: Company) -> None:
    """Colleagues of each establishment, no two of the company with the same name."""
    everybody = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
    chosen = story.rng.sample(everybody, TRAINEES * len(firm.places))
    for rank, place in enumerate(firm.places):
        story.staff_pool[place.key] = Participant.objects.bulk_create(
            Participant(
                company=company, first_name=first, last_name=last, email=f"{_ascii(first)}.{_ascii(last)}@{firm.domain}"
            )
            for first, last in chosen[rank * TRAINEES : (rank + 1) * TRAINEES]
        )


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return plain.replace(" ", "").replace("'", "")


def make_people(story: Story) -> None:
    """Accounts with a verified address and the documented password: one hash serves them all, it is slow by design."""
    password = make_password(PASSWORD)
    for person in PEOPLE:
        story.people[person.email] = User.objects.create(
            email=person.email,
            civility=person.civility,
            first_name=person.first_name,
            last_name=person.last_name,
            job_title=person.job_title,
            password=password,
            is_staff=person.staff,
            is_superuser=person.staff,
            date_joined=story.ago(1000),
            last_login=None if person.seen is None else story.ago(person.seen),
        )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in story.people.values()
    )
    for person in PEOPLE:
        for entry in person.entries:
            _give_access(story, person, entry)
        for place in person.removed_from:
            RemovedAccess.objects.create(
                user=story.people[person.email],
                establishment=story.places[place],
                removed_by=story.people["helene.garnier@solvane.example"],
                removed_at=story.ago(35),
            )


def _give_access(story: Story, person: Person, entry: Entry) -> None:
    access = Access.objects.create(
        user=story.people[person.email],
        establishment=story.places[entry.place],
        role=entry.role,
        granted_at=story.ago(400 if entry.days_left is None else 10),
        ends_at=None if entry.days_left is None else story.ago(-entry.days_left),
        granted_by=_giver(story, person, entry),
        reviewed_at=story.ago(200) if entry.role == Role.ADMINISTRATOR and (person.seen or 0) < 100 else None,
    )
    if entry.role == Role.STANDARD:
        for document_type in entry.types:  # the journal tells of the last year only: make_access_journal
            assign_perm(document_type.codename, access.user, access.establishment)


def _giver(story: Story, person: Person, entry: Entry) -> User | None:
    """Administrators were made by the team, the others by an administrator whose account comes before theirs."""
    if entry.role == Role.ADMINISTRATOR:
        return None
    givers = Access.objects.filter(establishment=story.places[entry.place], role=Role.ADMINISTRATOR)
    giver = givers.exclude(user=story.people[person.email]).order_by("pk").first()
    return giver.user if giver else None


def make_reviews(story: Story) -> None:
    """Accesses were reviewed half a year ago and more in some establishments, lately in one, never in the others."""
    for place, reviewer, days in REVIEWS:
        accesses = Access.objects.filter(establishment=story.places[place])
        AccessReview.objects.create(
            establishment=story.places[place],
            finished_by=story.people[reviewer],
            finished_at=story.ago(days),
            accesses=accesses.count(),
        )


def make_invitations(story: Story) -> None:
    for email, place, role, types, days in INVITATIONS:
        inviter = Access.objects.filter(establishment=story.places[place], role=Role.ADMINISTRATOR).order_by("pk")[0]
        sent = story.ago(days)
        Invitation.objects.create(
            email=email,
            establishment=story.places[place],
            role=role,
            document_types=list(types),
            # Nobody has the token of which this would be the hash: the link of a demonstration opens nothing.
            token_hash=hashlib.sha256(f"demo {email}".encode()).hexdigest(),
            invited_by=inviter.user,
            invited_at=sent,
            expires_at=sent + timedelta(days=Invitation.LIFETIME_DAYS),
        )
