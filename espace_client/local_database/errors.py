"""The one error of this package, and the sentence that says what to type when no PostgreSQL can run."""

import os
import shutil


class DatabaseUnavailableError(RuntimeError):
    """No private PostgreSQL can run here; its text is one line, in French, for the person at the keyboard."""


PACKAGE_MANAGERS = {
    "apt-get": "apt-get install postgresql",
    "dnf": "dnf install postgresql-server postgresql-contrib",
    "apk": "apk add postgresql postgresql-contrib",
    "brew": "brew install postgresql@18",
}


def nothing_installed() -> DatabaseUnavailableError:
    """Say what to type when neither the machine nor the virtual environment holds a usable PostgreSQL."""
    advice = ["« make setup » (version privée, dans .venv)"]
    for manager, command in PACKAGE_MANAGERS.items():
        if shutil.which(manager):
            sudo = "" if manager == "brew" or os.geteuid() == 0 else "sudo "
            advice.append(f"« {sudo}{command} »")
            break
    return DatabaseUnavailableError(
        "PostgreSQL (15 ou plus, avec unaccent et pg_trgm) est introuvable : tapez "
        f"{' ou '.join(advice)}, ou indiquez votre serveur dans DATABASE_URL."
    )
