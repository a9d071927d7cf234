"""WSGI entry point: `gunicorn espace_client.wsgi --no-control-socket`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "espace_client.settings")

application = get_wsgi_application()
