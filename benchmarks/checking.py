"""What the triggers guarantee, asked of every row: a world loaded without them must be one that they would allow."""

from __future__ import annotations

from django.db import connection

from benchmarks.filling import LOADED

# Each gives the rows that break a rule; the comment is the rule.
BROKEN = {
    "an enrolment has its order's keys and its session's date": """
        SELECT enrolment.id FROM enrolments_enrolment enrolment
        JOIN enrolments_order owner ON owner.id = enrolment.order_id
        JOIN catalogue_session session ON session.id = enrolment.session_id
        WHERE enrolment.establishment_id IS DISTINCT FROM owner.establishment_id
          OR enrolment.order_email <> owner.order_email OR enrolment.starts_on <> session.starts_on""",
    "an enrolment has the names of its participant": """
        SELECT enrolment.id FROM enrolments_enrolment enrolment
        LEFT JOIN enrolments_participant participant ON participant.id = enrolment.participant_id
        WHERE (participant_last_name, participant_first_name)
          IS DISTINCT FROM (coalesce(participant.last_name, ''), coalesce(participant.first_name, ''))""",
    "a participant is of the order's company": """
        SELECT enrolment.id FROM enrolments_enrolment enrolment
        JOIN enrolments_participant participant ON participant.id = enrolment.participant_id
        LEFT JOIN accounts_establishment establishment ON establishment.id = enrolment.establishment_id
        WHERE participant.company_id IS DISTINCT FROM establishment.company_id""",
    "a document has its order's keys": """
        SELECT document.id FROM documents_document document
        JOIN enrolments_order owner ON owner.id = document.order_id
        WHERE document.establishment_id IS DISTINCT FROM owner.establishment_id
          OR document.order_email <> owner.order_email""",
    "a document without an order has no address": """
        SELECT id FROM documents_document WHERE order_id IS NULL AND order_email <> ''""",
    "a document of an enrolment agrees with it": """
        SELECT document.id FROM documents_document document
        JOIN enrolments_enrolment enrolment ON enrolment.id = document.enrolment_id
        WHERE document.order_id IS DISTINCT FROM enrolment.order_id OR document.session_id <> enrolment.session_id""",
    "a document of a session is about people of its order or establishment": """
        SELECT document.id FROM documents_document document
        WHERE enrolment_id IS NULL AND session_id IS NOT NULL AND NOT EXISTS (
          SELECT 1 FROM enrolments_enrolment enrolment
          WHERE enrolment.session_id = document.session_id AND enrolment.order_id = document.order_id)
        AND NOT EXISTS (
          SELECT 1 FROM enrolments_enrolment enrolment WHERE document.order_id IS NULL
          AND enrolment.session_id = document.session_id AND enrolment.establishment_id = document.establishment_id)""",
    "a document replaces one about the same": """
        SELECT document.id FROM documents_document document
        JOIN documents_document previous ON previous.id = document.replaces_id
        WHERE previous.type <> document.type OR previous.order_id IS DISTINCT FROM document.order_id
          OR previous.session_id IS DISTINCT FROM document.session_id OR previous.id >= document.id""",
}
FOREIGN_KEYS = """
SELECT key.conrelid::regclass::text, field.attname, key.confrelid::regclass::text, target.attname
FROM pg_constraint key
JOIN pg_attribute field ON field.attrelid = key.conrelid AND field.attnum = key.conkey[1]
JOIN pg_attribute target ON target.attrelid = key.confrelid AND target.attnum = key.confkey[1]
WHERE key.contype = 'f' AND key.conrelid = ANY(%s::regclass[])
"""


def assert_lawful(documents: int) -> None:
    """Raise AssertionError when a row of the database in use breaks a rule, or when there are not `documents`."""
    with connection.cursor() as cursor:
        for rule, query in {**BROKEN, **_orphans()}.items():
            cursor.execute(f"{query} LIMIT 1")
            broken = cursor.fetchone()
            assert broken is None, f"not so, see row {broken[0]}: {rule}"
        cursor.execute("SELECT count(*) FROM documents_document")
        found = cursor.fetchone()[0]
        assert found == documents, f"{found} documents instead of {documents}"


def _orphans() -> dict[str, str]:
    """For each foreign key, the rows that point at nothing."""
    with connection.cursor() as cursor:
        cursor.execute(FOREIGN_KEYS, [list(LOADED)])
        return {
            f"{table}.{field} is in {other}": (
                f"SELECT one.{field} FROM {table} one LEFT JOIN {other} other ON other.{target} = one.{field}"
                f" WHERE one.{field} IS NOT NULL AND other.{target} IS NULL"
            )
            for table, field, other, target in cursor.fetchall()
        }
