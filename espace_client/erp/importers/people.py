"""responsables.csv."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts.models import User
from espace_client.erp.choices import CIVILITIES
from espace_client.erp.chunk import Chunk, Fate, Saving
from espace_client.erp.columns import Column
from espace_client.erp.importer import Importer
from espace_client.erp.parsing import choice, email, text


class People(Importer):
    """A person, known by address. A new account has no password, and its address opens nothing until it is proved by
    the link of « Mot de passe oublié » (rule 1).
    """

    file = "responsables.csv"
    fills = (User, EmailAddress)
    columns = (
        Column("email", email, required=True, key=True),
        Column("civilite", choice(CIVILITIES)),
        Column("nom", text(User, "last_name")),
        Column("prenom", text(User, "first_name")),
        Column("fonction", text(User, "job_title")),
        Column("telephone", text(User, "phone")),
    )

    def take(self, chunk: Chunk) -> None:
        lines = list(chunk)
        rows = User.objects.filter(email__in=[line.values["email"] for line in lines])
        existing = {user.email: user for user in rows}
        saving = Saving(chunk, User)
        for line in lines:
            user = existing.get(line.values["email"])
            saving.put(line, user, {**_about(line.values), **({} if user else {"password": make_password(None)})})
        saving.save()
        EmailAddress.objects.bulk_create(
            EmailAddress(user=user, email=user.email, verified=False, primary=True)
            for line, user in saving.saved.items()
            if chunk.fates[line] == Fate.CREATED
        )


def _about(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "email": values["email"],
        "civility": values["civilite"],
        "last_name": values["nom"],
        "first_name": values["prenom"],
        "job_title": values["fonction"],
        "phone": values["telephone"],
    }
