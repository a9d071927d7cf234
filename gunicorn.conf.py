"""Read by gunicorn wherever it starts in this folder: the longest address that it takes.

Its 8,190 bytes are less than a search of 10,000 characters, of which each takes six bytes in an address when it has an
accent; 0 would be no bound at all. Beyond these 128 kB gunicorn itself answers 414, before the portal hears of it: in
French, by this file.
"""

from functools import partial

from gunicorn.http import message
from gunicorn.http.errors import LimitRequestLine

LONGEST_LINE = 128 * 1024
message.MAX_REQUEST_LINE = LONGEST_LINE  # whatever is set, gunicorn takes no more than this
limit_request_line = LONGEST_LINE

_PAGE = """<!DOCTYPE html>
<html lang="fr">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Adresse trop longue</title></head>
<body>
<h1>Adresse trop longue</h1>
<p>Cette adresse dépasse ce que l’Espace client peut lire : raccourcissez la recherche ou retirez des filtres.</p>
<p><a href="/">Page d’accueil</a></p>
</body>
</html>
""".encode()
_TOO_LONG = b"HTTP/1.1 414 URI Too Long\r\nConnection: close\r\nContent-Type: text/html; charset=utf-8\r\n"
_TOO_LONG += b"Content-Length: %d\r\n\r\n%s" % (len(_PAGE), _PAGE)


def post_worker_init(worker):
    """Gunicorn's hook for a worker that is ready: what is wrong with a request is told by its `handle_error`."""
    worker.handle_error = partial(_told, worker, worker.handle_error)


def _told(worker, otherwise, req, client, addr, exc):
    if not isinstance(exc, LimitRequestLine):
        otherwise(req, client, addr, exc)
        return
    worker.log.warning("Invalid request from ip=%s: %s", addr[0] if addr else "", exc)
    try:
        client.sendall(_TOO_LONG)
    except OSError as error:
        worker.log.debug("Whoever asked for too long an address is gone: %s", error)
