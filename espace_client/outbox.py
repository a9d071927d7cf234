"""Every mail is written in the database with the change that it tells of, and sent by a worker (EMAIL_BACKEND).

So a change that is rolled back mails nothing, a page never waits for the mail server, and a server that is down delays
mails and loses none: the task is tried again until it has been accepted (espace_client.tasks). The row is locked while
it is sent, so no mail is sent twice, except when a worker dies between the server's answer and the commit: the second
copy then has the Message-ID of the first, by which mail programs recognise it.
"""

from __future__ import annotations

from collections.abc import Sequence
from email import message_from_bytes, policy
from email.generator import BytesGenerator
from email.message import Message
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from accounts.mails import KEY
from espace_client.models import OutgoingMail


class Backend(BaseEmailBackend):
    """Keeps mails for a worker, in the transaction of whoever sends them."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep each message that has a recipient; returns how many are new."""
        return sum(_keep(message) for message in email_messages if message.recipients())


def _keep(message: EmailMessage) -> bool:
    key = message.extra_headers.get(KEY)
    raw = message.message().as_bytes()
    values: dict[str, Any] = {
        "sender": message.from_email or settings.DEFAULT_FROM_EMAIL,
        "recipients": message.recipients(),
        "subject": str(message.subject)[:200],
        "raw": raw,
    }
    with transaction.atomic():
        mail, is_new = (
            OutgoingMail.objects.get_or_create(key=key, defaults=values)
            if key
            else (OutgoingMail.objects.create(**values), True)
        )
        if is_new:
            deliver.enqueue(mail.pk)
    return is_new


@task()
def deliver(mail_id: int) -> None:
    """Send one mail through settings.DELIVERY_BACKEND, once; then forget its text, whose links are secrets."""
    with transaction.atomic():
        mail = OutgoingMail.objects.select_for_update().filter(pk=mail_id, sent_at__isnull=True).first()
        if mail is None:
            return
        get_connection(settings.DELIVERY_BACKEND).send_messages([StoredMail(mail)])
        mail.sent_at, mail.raw = timezone.now(), b""
        mail.save(update_fields=["sent_at", "raw"])


class StoredMail(EmailMessage):
    """A mail as it was written, for a backend to send."""

    def __init__(self, mail: OutgoingMail) -> None:
        super().__init__(from_email=mail.sender, to=mail.recipients, subject=mail.subject)
        self._raw = bytes(mail.raw)

    def message(self, **kwargs: Any) -> Any:
        """The message that was kept, byte for byte but for the ends of lines."""
        return message_from_bytes(self._raw, _class=_Written, policy=policy.compat32)


class _Written(Message):
    def as_bytes(self, unixfrom: bool = False, linesep: str = "\n") -> bytes:  # type: ignore[override]
        """As Django's own messages: the ends of lines are the caller's choice."""
        buffer = BytesIO()
        BytesGenerator(buffer, mangle_from_=False, policy=self.policy.clone(linesep=linesep)).flatten(self, unixfrom)
        return buffer.getvalue()
