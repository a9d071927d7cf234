"""What changes documents."""

from django.db import connection

_FOLLOW = """
UPDATE documents_document SET order_email = order_email
WHERE type = 'emargement' AND order_id IS NULL
  AND order_email <> documents_sole_orderer(session_id, establishment_id)
"""


def follow_sole_orderers() -> int:
    """Bring the attendance sheets without an order up to date with who ordered the seats; return how many changed.

    Such a sheet names one establishment's trainees of one session. When every enrolment of theirs, cancelled ones too,
    was ordered with one address, the sheet is that orderer's too; otherwise it is the establishment's alone. A trigger
    works the address out whenever the row is written, so writing the rows whose answer differs is all there is to do.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW)
        return int(cursor.rowcount)
