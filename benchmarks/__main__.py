"""`python -m benchmarks`: the command `bench`, or with the word `prices` first `bench_prices`.

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
            PROVIDER_SIRET="90184726500019",
            PROVIDER_NDA="11922345692",
            DOCUMENTS_ROOT=f"{folder}/documents",
            LOG_LEVEL="ERROR",
            BENCH_FOLDER=folder,
        )
        command, arguments = ("bench_prices", sys.argv[2:]) if sys.argv[1:2] == ["prices"] else ("bench", sys.argv[1:])
        execute_from_command_line(["python -m benchmarks", command, *arguments])


if __name__ == "__main__":
    main()
