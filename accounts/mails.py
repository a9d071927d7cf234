"""The portal's own mails: text and HTML of one template, one action each, kept for a worker with what they tell of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.urls import reverse

_BREAKS = re.compile("[^\\S\u00a0\u202f]+")  # all white space but that of French punctuation
KEY = "X-Espace-Key"  # the header of what a mail is about: espace_client.outbox keeps no second mail with the same


def send(
    template: str, to: str, context: Mapping[str, Any], key: str = "", files: Sequence[tuple[str, bytes, str]] = ()
) -> None:
    """Write a mail from `templates/email/<template>.subject.txt`, `.txt` and `.html`, which extend email/base.*.

    Call it inside the transaction of the change: what is rolled back mails nothing. `key` says what the mail is about,
    e.g. "order-acknowledged-12": a second mail with the same key is not kept. Addresses in it come from `link_to`.
    `files`: name, content and media type of what is attached.
    """
    values = {"provider": settings.PROVIDER, "site_url": settings.SITE_URL, **context}
    message = EmailMultiAlternatives(
        _subject(template, values), render_to_string(f"email/{template}.txt", values), to=[to]
    )
    message.attach_alternative(render_to_string(f"email/{template}.html", values), "text/html")
    for name, content, media_type in files:
        message.attach(name, content, media_type)
    if key:
        message.extra_headers[KEY] = key
    message.send()


def _subject(template: str, values: Mapping[str, Any]) -> str:
    """One line, whatever the names in it hold, and as they are: nothing reads a subject as HTML."""
    made = Engine.get_default().get_template(f"email/{template}.subject.txt")
    return _BREAKS.sub(" ", made.render(Context(dict(values), autoescape=False))).strip()


def link_to(name: str, *args: object, **kwargs: object) -> str:
    """The whole address of a page, for a mail: workers have no request that would tell it."""
    return settings.SITE_URL + reverse(name, args=args, kwargs=kwargs)
