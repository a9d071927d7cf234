"""Exceptions on single documents go with what they were made for, and follow a document to its corrected version.

They are about a standard access: they go when it becomes an administrator's, so that nothing old is revived when that
administrator is lowered again, and when an access whose end was past is given anew. A document that was withheld stays
withheld once it is corrected, and one that was shared stays shared.
"""

from django.db import migrations

FORWARD = r"""
CREATE TRIGGER access_given_anew_takes_its_exceptions AFTER UPDATE OF role, ends_at ON accounts_access FOR EACH ROW
  WHEN (OLD.role <> NEW.role
    OR (OLD.ends_at <= clock_timestamp() AND (NEW.ends_at IS NULL OR NEW.ends_at > clock_timestamp())))
  EXECUTE FUNCTION documents_access_takes_exceptions();

CREATE FUNCTION documents_exceptions_follow_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO documents_documentgrant (user_id, permission_id, content_object_id)
    SELECT user_id, permission_id, NEW.id FROM documents_documentgrant WHERE content_object_id = NEW.replaces_id
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER exceptions_follow_version AFTER INSERT OR UPDATE OF replaces_id ON documents_document FOR EACH ROW
  WHEN (NEW.replaces_id IS NOT NULL) EXECUTE FUNCTION documents_exceptions_follow_version();
"""
BACKWARD = """
DROP TRIGGER exceptions_follow_version ON documents_document;
DROP FUNCTION documents_exceptions_follow_version();
DROP TRIGGER access_given_anew_takes_its_exceptions ON accounts_access;
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0004_issuing"), ("accounts", "0004_delegations_and_reviews")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
