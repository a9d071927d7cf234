"""WSGI entry point: `gunicorn espace_client.wsgi --no-control-socket`."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "espace_client.settings")

application = get_wsgi_application()

# A page makes thousands of objects, nearly all of which go without the collector of cycles: Python's usual threshold of
# 700 has it look for some ten times a page. What was imported stays anyway, and is not looked at again.
gc.freeze()
gc.set_threshold(10_000, 10, 10)
