"""Kept by the database: an accord has a new version whenever a line of it, or the accord itself, changes in any way.

What a process keeps of the lines of an accord (enrolments.kept_tariffs) is kept under its version. A version is never
used twice and nobody but these triggers gives one, so that lines found under the version that an accord has are its
lines. Whoever changes lines holds the accord until the transaction ends, as services do before (accord_lines.py).
"""

import django.contrib.postgres.functions
from django.db import migrations, models

FORWARD = r"""
CREATE FUNCTION catalogue_accord_has_new_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.prices_version := gen_random_uuid();
  RETURN NEW;
END $$;
CREATE TRIGGER accord_has_new_version BEFORE INSERT OR UPDATE
  ON catalogue_accordcadre FOR EACH ROW EXECUTE FUNCTION catalogue_accord_has_new_version();

CREATE FUNCTION catalogue_lines_change_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM catalogue_accordcadre WHERE id IN (SELECT accord_id FROM changed) ORDER BY id FOR NO KEY UPDATE;
  UPDATE catalogue_accordcadre SET prices_version = DEFAULT WHERE id IN (SELECT accord_id FROM changed);
  RETURN NULL;
END $$;
CREATE TRIGGER accord_lines_inserted AFTER INSERT ON catalogue_accordline
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalogue_lines_change_version();
CREATE TRIGGER accord_lines_updated AFTER UPDATE ON catalogue_accordline
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalogue_lines_change_version();
CREATE TRIGGER accord_lines_deleted AFTER DELETE ON catalogue_accordline
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalogue_lines_change_version();

CREATE FUNCTION catalogue_no_lines_change_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE catalogue_accordcadre SET prices_version = DEFAULT;
  RETURN NULL;
END $$;
CREATE TRIGGER accord_lines_truncated AFTER TRUNCATE ON catalogue_accordline
  FOR EACH STATEMENT EXECUTE FUNCTION catalogue_no_lines_change_version();
"""
BACKWARD = """
DROP TRIGGER accord_lines_truncated ON catalogue_accordline;
DROP FUNCTION catalogue_no_lines_change_version();
DROP TRIGGER accord_lines_deleted ON catalogue_accordline;
DROP TRIGGER accord_lines_updated ON catalogue_accordline;
DROP TRIGGER accord_lines_inserted ON catalogue_accordline;
DROP FUNCTION catalogue_lines_change_version();
DROP TRIGGER accord_has_new_version ON catalogue_accordcadre;
DROP FUNCTION catalogue_accord_has_new_version();
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0005_accord_announced_end")]

    operations = [
        migrations.AddField(
            model_name="accordcadre",
            name="prices_version",
            field=models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False),
        ),
        migrations.AddIndex(
            model_name="accordline",
            index=models.Index(
                condition=models.Q(("from_seats__gt", 0)),
                fields=["accord", "from_seats"],
                name="accord_line_thresholds",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
