"""The settings of production, with one more page: the empty one that the others are compared with."""

import os
from pathlib import Path

from espace_client.settings import *  # noqa: F403
from espace_client.settings import INSTALLED_APPS as PORTAL_APPS

INSTALLED_APPS = [*PORTAL_APPS, "benchmarks"]
ROOT_URLCONF = "benchmarks.urls"
STATIC_ROOT = Path(os.environ["BENCH_FOLDER"]) / "static"
# Addresses of static files are those of production; the files, which nobody asks for here, are not compressed.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("css", "html", "js", "json", "svg", "txt")
