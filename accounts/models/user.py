"""A person who logs in, by email address; there is no user name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import JSONObject, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType
from accounts.emails import normalise_email
from accounts.rights import Rights
from accounts.roles import Role
from accounts.statements import execute, statement

from .access import Access, EstablishmentGrant
from .base import DecidedInPortal
from .company import Establishment

_TYPE_BY_CODENAME = {document_type.codename: document_type for document_type in DocumentType}


class Civility(models.TextChoices):
    M = "M.", _("M.")
    MME = "Mme", _("Mme")


def _verified_address() -> models.QuerySet[EmailAddress]:
    """The outer person's login address, if it is verified: equality, nothing looser."""
    return EmailAddress.objects.filter(user_id=OuterRef("pk"), email=OuterRef("email"), verified=True)


def _accesses_with_codenames(now: datetime) -> models.QuerySet[Access, Any]:
    """Each access of the outer person that is in force, as a JSON object with the guardian codenames granted there."""
    codenames = EstablishmentGrant.objects.filter(
        user_id=OuterRef("user_id"),
        content_object_id=OuterRef("establishment_id"),
        permission__codename__in=_TYPE_BY_CODENAME,
    )
    codenames = codenames.order_by("permission__codename").values("permission__codename")
    entry = JSONObject(
        establishment=F("establishment_id"),
        name=F("establishment__name"),
        company=F("establishment__company_id"),
        role=F("role"),
        codenames=ArraySubquery(codenames),
    )
    accesses = Access.objects.in_force(now).filter(user_id=OuterRef("pk"))
    return accesses.order_by("establishment_id").values(entry=entry)


def _person_row(columns: tuple[str, ...], *, user_id: int, now: datetime) -> models.QuerySet[User, Any]:
    """These columns of a person, whether the login address is verified, and the accesses."""
    rights = {"verified": Exists(_verified_address()), "entries": ArraySubquery(_accesses_with_codenames(now))}
    return User.objects.filter(pk=user_id).order_by().values_list(*columns).annotate(**rights)


def _rights(active: bool, email: str, verified: bool, entries: Sequence[dict[str, Any]]) -> Rights:
    as_read = (active, email, verified, entries)
    if not active:
        return Rights(as_read=as_read)
    return Rights(
        email=email if verified else None,
        companies=frozenset(entry["company"] for entry in entries),
        administered=frozenset(entry["establishment"] for entry in entries if entry["role"] == Role.ADMINISTRATOR),
        granted={
            entry["establishment"]: frozenset(_TYPE_BY_CODENAME[code] for code in entry["codenames"])
            for entry in entries
            if entry["role"] == Role.STANDARD
        },
        as_read=as_read,
    )


# SQL that is true while the database still says what rights were made of, within the statement that has it.
_STILL = "(SELECT jsonb_build_array(is_active, email, verified, entries) FROM ({}) AS person) = %s::jsonb"


def still_so(user_id: int, rights: Rights) -> tuple[str, list[Any]]:
    """A condition in SQL, with its parameters: nothing that these rights of the person were read from has changed.

    A statement with this condition acts on rights of its own instant, not on those of when the request came in.
    """
    names = (("user_id", int), ("now", datetime))
    made = statement(_person_row, (("is_active", "email"),), names)
    return _STILL.format(made.sql), [*made.filled([user_id, timezone.now()]), json.dumps(rights.as_read)]


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an account, closed until its address is verified; ValidationError for a bad address."""
        user = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a member of the team with every right in the admin; whoever creates it vouches for the address."""
        with transaction.atomic():
            user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user

    def rights_of(self, user_id: int) -> Rights:
        """Read a person's rights as they are now, in one query; an unknown or inactive person has none.

        A service that writes calls this again inside its lock, never `user.rights`, which is as old as the request.
        """
        rows = execute(_person_row, (("is_active", "email"),), user_id=user_id, now=timezone.now())
        return _rights(*rows[0]) if rows else Rights()

    def with_rights(self, user_id: int) -> User | None:
        """A person and their rights, in one query: what every request begins with. None for an unknown one.

        `rights` are narrowed to the establishments that the person chose to look at; `whole_rights` are not.
        """
        columns = tuple(field.attname for field in self.model._meta.concrete_fields)
        rows = execute(_person_row, (columns,), user_id=user_id, now=timezone.now())
        if not rows:
            return None
        *values, verified, entries = rows[0]
        user = User.from_db(self.db, columns, values)
        user.whole_rights = _rights(user.is_active, user.email, verified, entries)
        user.rights = user.whole_rights.narrowed_to(user.shown_establishments)
        user.establishment_names = {entry["establishment"]: entry["name"] for entry in entries}
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(DecidedInPortal, AbstractBaseUser, PermissionsMixin):
    """`email` is the login address, always in its normal form; only a *verified* one opens anything (rule 1)."""

    email = models.EmailField(_("adresse email"), max_length=254)
    civility = models.CharField(_("civilité"), max_length=4, choices=Civility.choices, blank=True)
    first_name = models.CharField(_("prénom"), max_length=100, blank=True)
    last_name = models.CharField(_("nom"), max_length=100, blank=True)
    job_title = models.CharField(_("fonction"), max_length=150, blank=True)
    phone = models.CharField(_("téléphone"), max_length=40, blank=True)
    is_active = models.BooleanField(_("actif"), default=True)
    is_staff = models.BooleanField(_("équipe interne"), default=False, help_text=_("Peut entrer dans la gestion."))
    date_joined = models.DateTimeField(_("compte ouvert le"), default=timezone.now)
    closed_at = models.DateTimeField(_("compte fermé le"), null=True, blank=True, editable=False)
    shown_establishments = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        editable=False,
        verbose_name=_("établissements affichés"),
        help_text=_("Ce que la personne a choisi de voir ; vide : tout ce à quoi elle a droit."),
    )

    visitor: User | None = None  # the member of the team who sees as this person (accounts.visits)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = _("personne")
        verbose_name_plural = _("personnes")
        ordering = ["last_name", "first_name", "email"]
        constraints = [
            models.UniqueConstraint(
                fields=["email"], name="user_email_unique", violation_error_message=_("Un compte a déjà cette adresse.")
            ),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True) | models.Q(is_active=False), name="user_closed_is_inactive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_full_name()} <{self.email}>" if self.get_full_name() else self.email

    def clean(self) -> None:
        self.email = normalise_email(self.email)

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        return self.first_name or self.email

    @cached_property
    def whole_rights(self) -> Rights:
        """All that this person may see, read once per request; a service asks `rights_of` again inside its lock."""
        return User.objects.rights_of(self.pk)

    @cached_property
    def rights(self) -> Rights:
        """What this person may see; in a request, and there only, what of it they chose to look at."""
        return self.whole_rights

    @cached_property
    def establishment_names(self) -> dict[int, str]:
        """The name of each establishment to which the person has an access in force."""
        rows = Establishment.objects.filter(pk__in=self.whole_rights.establishments)
        return dict(rows.values_list("pk", "name"))
