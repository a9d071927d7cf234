"""`python -m benchmarks`: the command `bench`.

It runs on a throw-away PostgreSQL and with the settings of production.
Everything is in a temporary folder, which goes at the end, however the run ends.
"""

import os
import sys
import tempfile

from django.core.management import execute_from_command_line

from espace_client import local_database


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="espace-client-bench-") as folder, local_database.throwaway() as address:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="benchmarks.settings",
            ESPACE_ENV="production",
            DATABASE_URL=address,
            SECRET_KEY="for measures only: 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJ",
            ALLOWED_HOSTS="bench.example",
            DEFAULT_FROM_EMAIL="bench@bench.example",
            EMAIL_URL="smtp://localhost",
            PROVIDER_SIRET="90184726900015",
            PROVIDER_NDA="11922345692",
            DOCUMENTS_ROOT=f"{folder}/documents",
            LOG_LEVEL="ERROR",
            BENCH_FOLDER=folder,
        )
        execute_from_command_line(["python -m benchmarks", "bench", *sys.argv[1:]])


if __name__ == "__main__":
    main()
