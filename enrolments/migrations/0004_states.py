"""Kept by the database: the steps between states (enrolments/transitions.py); `any_state` there is the way around.

A state that nobody knows is left to the checks of 0001.
"""

from django.db import migrations

FORWARD = r"""
CREATE FUNCTION enrolments_state_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF COALESCE(current_setting('enrolments.any_state', true), '') = 'on' THEN
    RETURN NEW;
  END IF;
  IF NOT (OLD.state || '>' || NEW.state = ANY (string_to_array(TG_ARGV[1], ' '))) THEN
    RAISE EXCEPTION 'no step from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation',
      CONSTRAINT = TG_ARGV[0];
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER order_state_follows BEFORE UPDATE OF state ON enrolments_order FOR EACH ROW
  WHEN (OLD.state <> NEW.state AND NEW.state IN ('to_approve', 'pending', 'validated', 'refused', 'cancelled'))
  EXECUTE FUNCTION enrolments_state_follows('order_state_follows',
  'to_approve>pending to_approve>refused to_approve>cancelled pending>validated pending>refused pending>cancelled '
  'validated>cancelled');
CREATE TRIGGER enrolment_state_follows BEFORE UPDATE OF state ON enrolments_enrolment FOR EACH ROW
  WHEN (OLD.state <> NEW.state
    AND NEW.state IN ('pending', 'confirmed', 'present', 'partial', 'absent', 'cancelled'))
  EXECUTE FUNCTION enrolments_state_follows('enrolment_state_follows',
  'pending>confirmed pending>cancelled confirmed>cancelled confirmed>present confirmed>partial confirmed>absent '
  'present>confirmed present>partial present>absent partial>confirmed partial>present partial>absent '
  'absent>confirmed absent>present absent>partial');
CREATE TRIGGER session_state_follows BEFORE UPDATE OF state ON catalogue_session FOR EACH ROW
  WHEN (OLD.state <> NEW.state AND NEW.state IN ('open', 'confirmed', 'guaranteed', 'full', 'cancelled', 'done'))
  EXECUTE FUNCTION enrolments_state_follows('session_state_follows',
  'open>confirmed open>guaranteed confirmed>guaranteed confirmed>open open>full confirmed>full guaranteed>full '
  'full>open full>confirmed full>guaranteed open>cancelled confirmed>cancelled guaranteed>cancelled full>cancelled '
  'open>done confirmed>done guaranteed>done full>done');
"""
BACKWARD = """
DROP TRIGGER session_state_follows ON catalogue_session;
DROP TRIGGER enrolment_state_follows ON enrolments_enrolment;
DROP TRIGGER order_state_follows ON enrolments_order;
DROP FUNCTION enrolments_state_follows();
"""


class Migration(migrations.Migration):
    dependencies = [("enrolments", "0004_attendance")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
