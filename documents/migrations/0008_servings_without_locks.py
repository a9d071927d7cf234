"""A line of the journal locks no document: the trigger that names its establishment sees that the document exists.

Documents never go (document_never_goes), so what a foreign key would look at afterwards can't happen; its check locked,
and so wrote, the document's own row each time that the file was opened.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE OR REPLACE FUNCTION documents_serving_names_establishment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT establishment_id INTO NEW.establishment_id FROM documents_document WHERE id = NEW.document_id;
  IF NOT FOUND AND NEW.document_id IS NOT NULL THEN
    RAISE EXCEPTION 'document % does not exist', NEW.document_id USING ERRCODE = 'foreign_key_violation',
      CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END $$;
"""
BACKWARD = """
CREATE OR REPLACE FUNCTION documents_serving_names_establishment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT establishment_id INTO NEW.establishment_id FROM documents_document WHERE id = NEW.document_id;
  RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("documents", "0007_documents_by_content"),
    ]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AlterField(
            model_name="serving",
            name="document",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="servings",
                to="documents.document",
                verbose_name="document",
            ),
        ),
        migrations.AlterField(
            model_name="serving",
            name="user",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="personne",
            ),
        ),
    ]
