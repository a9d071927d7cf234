"""An enrolment carries the names of its participant, by which colleagues are listed through an index.

Like the other reading keys: copied by triggers, what is copied is locked meanwhile (FOR SHARE), never set by hand.
"""

from django.db import migrations, models

FORWARD = r"""
UPDATE enrolments_enrolment enrolment
  SET participant_last_name = participant.last_name, participant_first_name = participant.first_name
  FROM enrolments_participant participant WHERE participant.id = enrolment.participant_id;

CREATE FUNCTION enrolments_enrolment_names_participant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.participant_last_name := '';
  NEW.participant_first_name := '';
  IF NEW.participant_id IS NOT NULL THEN
    SELECT last_name, first_name INTO STRICT NEW.participant_last_name, NEW.participant_first_name
      FROM enrolments_participant WHERE id = NEW.participant_id FOR SHARE;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER enrolment_names_participant
  BEFORE INSERT OR UPDATE OF participant_id, participant_last_name, participant_first_name
  ON enrolments_enrolment FOR EACH ROW EXECUTE FUNCTION enrolments_enrolment_names_participant();

CREATE FUNCTION enrolments_participant_carries_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.last_name <> OLD.last_name OR NEW.first_name <> OLD.first_name THEN
    UPDATE enrolments_enrolment SET participant_last_name = NEW.last_name, participant_first_name = NEW.first_name
      WHERE participant_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER participant_carries_names AFTER UPDATE OF last_name, first_name
  ON enrolments_participant FOR EACH ROW EXECUTE FUNCTION enrolments_participant_carries_names();
"""
BACKWARD = """
DROP TRIGGER participant_carries_names ON enrolments_participant;
DROP FUNCTION enrolments_participant_carries_names();
DROP TRIGGER enrolment_names_participant ON enrolments_enrolment;
DROP FUNCTION enrolments_enrolment_names_participant();
"""
NAME = models.CharField(max_length=100, default="", db_default="", editable=False)


class Migration(migrations.Migration):
    dependencies = [("enrolments", "0009_site_orders_by_email")]

    operations = [
        migrations.AddField(model_name="enrolment", name="participant_last_name", field=NAME),
        migrations.AddField(model_name="enrolment", name="participant_first_name", field=NAME),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
