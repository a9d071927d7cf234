#!/usr/bin/env python3
"""Django's command line for Espace client; without DATABASE_URL it runs on this checkout's private PostgreSQL."""

import os
import sys

from django.core.management import execute_from_command_line

from espace_client import local_database


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "espace_client.settings")
    if "DATABASE_URL" not in os.environ:
        try:
            local_database.ensure_running()
        except local_database.DatabaseUnavailableError as error:
            sys.exit(str(error))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
