"""The mailbox of the demonstration: the mails that would have left. Its addresses exist in demo mode only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

SEPARATOR = b"\n" + b"-" * 79 + b"\n"
MOST_MAILS = 50
MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


@dataclass(frozen=True)
class Attached:
    """A file that came with a mail. `url` gives its bytes."""

    name: str
    media_type: str
    content: bytes
    url: str


@dataclass(frozen=True)
class Mail:
    """A mail as its reader sees it. `key` is its file and its place in it."""

    key: str
    subject: str
    sender: str
    to: str
    sent_at: datetime
    text: str
    html: str
    files: tuple[Attached, ...] = ()

    @property
    def url(self) -> str:
        return reverse("demo_mail", args=[self.key])

    @property
    def html_url(self) -> str:
        return reverse("demo_mail_html", args=[self.key]) if self.html else ""


@login_not_required
@require_safe
def demo_mailbox(request: HttpRequest) -> HttpResponse:
    """The newest mails, of everybody: the demonstration has no secrets."""
    return render(request, "demo_mailbox.html", {"mails": _mails()})


@login_not_required
@require_safe
def demo_mail(request: HttpRequest, key: str) -> HttpResponse:
    """One mail, its text and a frame with its HTML."""
    return render(request, "demo_mail.html", {"mail": _mail(key)})


@login_not_required
@require_safe
def demo_mail_html(request: HttpRequest, key: str) -> HttpResponse:
    """The HTML part alone, under a policy that runs nothing; mails carry their styles inline."""
    return HttpResponse(
        _mail(key).html, headers={"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    )


@login_not_required
@require_safe
def demo_mail_file(request: HttpRequest, key: str, rank: int) -> HttpResponse:
    """A file attached to a mail, to save."""
    files = _mail(key).files
    if rank >= len(files):
        raise Http404
    disposition = content_disposition_header(True, files[rank].name) or "attachment"
    headers = {"Content-Type": files[rank].media_type, "Content-Disposition": disposition}
    return HttpResponse(files[rank].content, headers=headers)


def _mail(key: str) -> Mail:
    found = next((mail for mail in _mails() if mail.key == key), None)
    if found is None:
        raise Http404
    return found


def _mails() -> list[Mail]:
    """The mails of the file backend, newest first; one file holds those of one connection, between rulers."""
    folder = Path(settings.EMAIL_FILE_PATH)
    mails = []
    for path in sorted(folder.glob("*.log"), reverse=True)[:MOST_MAILS]:
        for place, raw in enumerate(part for part in path.read_bytes().split(SEPARATOR) if part.strip()):
            message = message_from_bytes(raw.lstrip(), _class=EmailMessage, policy=policy.default)
            mails.append(_parsed(f"{path.stem}-{place}", message))
    return sorted(mails, key=lambda mail: mail.sent_at, reverse=True)[:MOST_MAILS]


def _parsed(key: str, message: EmailMessage) -> Mail:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return Mail(
        key=key,
        subject=str(message["Subject"]),
        sender=str(message["From"]),
        to=str(message["To"]),
        sent_at=_moment(str(message["Date"])),
        text=text.get_content() if text else "",
        html=html.get_content() if html else "",
        files=tuple(_attached(key, rank, part) for rank, part in enumerate(message.iter_attachments())),
    )


def _attached(key: str, rank: int, part: EmailMessage) -> Attached:
    content = part.get_content()
    return Attached(
        name=part.get_filename() or "",
        media_type=part.get_content_type(),
        content=content if isinstance(content, bytes) else content.encode(),
        url=reverse("demo_mail_file", args=[key, rank]),
    )


def _moment(header: str) -> datetime:
    """When a mail was written. Django says UTC as `-0000`, which Python reads as a moment without a time zone."""
    moment = parsedate_to_datetime(header)
    return timezone.localtime(moment if timezone.is_aware(moment) else moment.replace(tzinfo=UTC))
