"""What happened around the documents: downloads, two exceptions on single documents, and two imports of the ERP."""

from datetime import timedelta

from guardian.shortcuts import assign_perm

from accounts.document_types import DocumentType
from documents.models import Document, DocumentGrant, Serving, ServingOutcome
from espace_client.models import ImportRefusal, ImportRun, ImportStatus

from .story import Story

READERS = (
    ("claire.fontaine@solvane.example", 24),
    ("nadia.benali@solvane.example", 30),
    ("helene.garnier@solvane.example", 18),
    ("marc.delorme@solvane.example", 26),
    ("yves.morvan@morvan-associes.example", 10),
    ("karim.haddad@breval.example", 12),
)
BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
)
COUNTS = {"created": 6, "changed": 0, "unchanged": 331, "refused": 0, "warnings": []}
OUTCOMES = (ServingOutcome.DOWNLOADED,) * 5 + (ServingOutcome.VIEWED,) * 3


def make_exceptions(story: Story) -> None:
    """Rule 6: the accountant of Lyon was given one bon de commande, and one invoice was withheld from them."""
    reader, lyon = story.people["marc.delorme@solvane.example"], story.places["lyon"]
    of_lyon = Document.objects.filter(establishment=lyon).order_by("-issued_on", "-pk")
    for codename, kind in (
        (DocumentGrant.SHARED, DocumentType.BON_DE_COMMANDE),
        (DocumentGrant.WITHHELD, DocumentType.FACTURE),
    ):
        assign_perm(codename, reader, of_lyon.filter(type=kind)[0])


def make_journal(story: Story) -> None:
    """Servings of the last two months, each of a document that its reader may open, and one refusal."""
    lines = []
    for email, count in READERS:
        reader = story.people[email]
        documents = list(Document.objects.visible_to(reader).order_by("-issued_on", "-pk")[:40])
        for _rank in range(count):
            document = story.rng.choice(documents)
            lines.append(_serving(story, email, document.pk, document, story.rng.choice(OUTCOMES)))
    invoice = Document.objects.filter(establishment=story.places["paris"], type=DocumentType.FACTURE).earliest("pk")
    lines.append(_serving(story, "marc.delorme@solvane.example", invoice.pk, invoice, ServingOutcome.REFUSED))
    Serving.objects.bulk_create(sorted(lines, key=lambda line: line.at))


def _serving(
    story: Story, email: str, requested_id: int, document: Document | None, outcome: ServingOutcome
) -> Serving:
    minutes = story.rng.randrange(8 * 60)
    return Serving(
        document=document,
        requested_id=requested_id,
        user=story.people[email],
        user_email=email,
        at=story.ago(story.rng.randint(1, 60)) + timedelta(minutes=minutes),
        outcome=outcome,
        ip_address=f"192.0.2.{story.rng.randint(10, 60)}",
        user_agent=story.rng.choice(BROWSERS),
    )


def make_imports(story: Story) -> None:
    """A drop that went in whole, and last night's, of which two lines were refused."""
    for days, changed, refused in ((2, 14, 0), (1, 9, 2)):
        started = story.ago(days).replace(hour=2, minute=30)
        run = ImportRun.objects.create(
            folder=f"/srv/erp/{started:%Y-%m-%d}",
            started_at=started,
            finished_at=started + timedelta(seconds=48),
            status=ImportStatus.REFUSALS if refused else ImportStatus.DONE,
            counts={"inscriptions.csv": {**COUNTS, "changed": changed, "refused": refused}},
        )
        ImportRefusal.objects.bulk_create(
            ImportRefusal(
                run=run,
                file="inscriptions.csv",
                line=line,
                column="session",
                value=value,
                reason="Aucune session n’a ce code.",
            )
            for line, value in ((118, "PYB-991301-PAR"), (119, "PYB-991301-PAR"))[:refused]
        )
