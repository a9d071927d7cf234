"""The journal of downloads knows the establishment of what was asked for, so that administrators read their own."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = r"""
CREATE FUNCTION documents_serving_names_establishment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT establishment_id INTO NEW.establishment_id FROM documents_document WHERE id = NEW.document_id;
  RETURN NEW;
END $$;
CREATE TRIGGER serving_names_establishment BEFORE INSERT ON documents_serving FOR EACH ROW
  EXECUTE FUNCTION documents_serving_names_establishment();

ALTER TABLE documents_serving DISABLE TRIGGER serving_never_changes;
UPDATE documents_serving line SET establishment_id = document.establishment_id
  FROM documents_document document WHERE document.id = line.document_id;
ALTER TABLE documents_serving ENABLE TRIGGER serving_never_changes;
"""
BACKWARD = """
DROP TRIGGER serving_names_establishment ON documents_serving;
DROP FUNCTION documents_serving_names_establishment();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_journal_notifications_switcher"), ("documents", "0004_exceptions_follow")]
    operations = [
        migrations.AddField(
            model_name="serving",
            name="establishment",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="accounts.establishment",
                verbose_name="établissement",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AddIndex(
            model_name="serving",
            index=models.Index(fields=["establishment", "-at", "-id"], name="serving_by_establishment"),
        ),
    ]
