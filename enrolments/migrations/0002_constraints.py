"""Kept by the database: an enrolment carries its order's reading keys, its accord and participant are its company's.

What is copied or compared is locked meanwhile (FOR SHARE), so that an order that changes hands at the same moment takes
every enrolment with it. A participant who changes hands is compared at the end of the transaction, when the order has
changed hands too.
"""

from django.db import migrations

FORWARD = r"""
CREATE FUNCTION enrolments_check_company(
  order_establishment bigint, order_mail text, enrolment_accord bigint, enrolment_participant bigint
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  order_company bigint;
BEGIN
  SELECT company_id INTO order_company FROM accounts_establishment WHERE id = order_establishment;
  PERFORM 1 FROM enrolments_participant WHERE id = enrolment_participant FOR SHARE;
  IF enrolment_accord IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM catalogue_accordcadre WHERE id = enrolment_accord AND company_id = order_company
  ) THEN
    RAISE EXCEPTION 'the accord is not one of the company of the order' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'enrolment_accord_of_its_company';
  END IF;
  IF enrolment_participant IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM enrolments_participant WHERE id = enrolment_participant AND (
      company_id = order_company OR (order_company IS NULL AND company_id IS NULL AND owner_email = order_mail)
    )
  ) THEN
    RAISE EXCEPTION 'the participant is not of the company of the order' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'enrolment_participant_of_its_company';
  END IF;
END $$;

CREATE FUNCTION enrolments_enrolment_follows_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT establishment_id, order_email INTO NEW.establishment_id, NEW.order_email
    FROM enrolments_order WHERE id = NEW.order_id FOR SHARE;
  SELECT session.starts_on, COALESCE(NEW.hours, course.hours) INTO NEW.starts_on, NEW.hours
    FROM catalogue_session session JOIN catalogue_course course ON course.id = session.course_id
    WHERE session.id = NEW.session_id FOR SHARE OF session;
  PERFORM enrolments_check_company(NEW.establishment_id, NEW.order_email, NEW.accord_id, NEW.participant_id);
  IF NEW.accord_line_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM catalogue_accordline WHERE id = NEW.accord_line_id AND accord_id = NEW.accord_id
  ) THEN
    RAISE EXCEPTION 'the line is not one of the accord' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'enrolment_line_of_its_accord';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER enrolment_follows_order
  BEFORE INSERT OR UPDATE
  OF order_id, session_id, establishment_id, order_email, starts_on, accord_id, accord_line_id, participant_id
  ON enrolments_enrolment FOR EACH ROW EXECUTE FUNCTION enrolments_enrolment_follows_order();

CREATE FUNCTION enrolments_order_carries_enrolments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.establishment_id IS DISTINCT FROM OLD.establishment_id OR NEW.order_email <> OLD.order_email THEN
    UPDATE enrolments_enrolment SET establishment_id = NEW.establishment_id, order_email = NEW.order_email
      WHERE order_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER order_carries_enrolments AFTER UPDATE OF establishment_id, order_email
  ON enrolments_order FOR EACH ROW EXECUTE FUNCTION enrolments_order_carries_enrolments();

CREATE FUNCTION enrolments_session_carries_enrolments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.starts_on <> OLD.starts_on THEN
    UPDATE enrolments_enrolment SET starts_on = NEW.starts_on WHERE session_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER session_carries_enrolments AFTER UPDATE OF starts_on
  ON catalogue_session FOR EACH ROW EXECUTE FUNCTION enrolments_session_carries_enrolments();

CREATE FUNCTION enrolments_participant_keeps_company() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.company_id IS NOT NULL AND NEW.company_id IS DISTINCT FROM OLD.company_id THEN
    RAISE EXCEPTION 'the company of a participant does not change' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'participant_company_fixed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER participant_company_fixed BEFORE UPDATE OF company_id
  ON enrolments_participant FOR EACH ROW EXECUTE FUNCTION enrolments_participant_keeps_company();

CREATE FUNCTION enrolments_participant_agrees() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM enrolments_check_company(establishment_id, order_email, NULL, participant_id)
    FROM enrolments_enrolment WHERE participant_id = NEW.id;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER participant_agrees_with_enrolments AFTER UPDATE OF company_id, owner_email
  ON enrolments_participant DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION enrolments_participant_agrees();
"""
BACKWARD = """
DROP TRIGGER participant_agrees_with_enrolments ON enrolments_participant;
DROP FUNCTION enrolments_participant_agrees();
DROP TRIGGER participant_company_fixed ON enrolments_participant;
DROP FUNCTION enrolments_participant_keeps_company();
DROP TRIGGER session_carries_enrolments ON catalogue_session;
DROP FUNCTION enrolments_session_carries_enrolments();
DROP TRIGGER order_carries_enrolments ON enrolments_order;
DROP FUNCTION enrolments_order_carries_enrolments();
DROP TRIGGER enrolment_follows_order ON enrolments_enrolment;
DROP FUNCTION enrolments_enrolment_follows_order();
DROP FUNCTION enrolments_check_company(bigint, text, bigint, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("enrolments", "0001_initial"), ("catalogue", "0002_constraints")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
