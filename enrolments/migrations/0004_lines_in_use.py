"""Kept by the database: a line of an accord that gave an enrolment its price is never rewritten, only ended.

An enrolment holds its line until it is committed, so that nobody rewrites it meanwhile. Nor does a line end before the
last order that it gave a price to. (That the price and the line still agree when the enrolment is written is the work
of `enrolments.prices.lock_accords`: whoever orders and whoever changes lines takes the accord first.)
"""

from django.db import migrations

FORWARD = r"""
CREATE FUNCTION enrolments_line_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  last_order date;
BEGIN
  SELECT max(placed.placed_on) INTO last_order FROM enrolments_enrolment enrolment
    JOIN enrolments_order placed ON placed.id = enrolment.order_id WHERE enrolment.accord_line_id = OLD.id;
  IF last_order IS NULL THEN
    RETURN NEW;
  END IF;
  IF (NEW.scope, NEW.course_id, NEW.domain_id, NEW.kind, NEW.fixed_price, NEW.discount_rate, NEW.from_seats,
      NEW.starts_on)
    IS DISTINCT FROM (OLD.scope, OLD.course_id, OLD.domain_id, OLD.kind, OLD.fixed_price, OLD.discount_rate,
      OLD.from_seats, OLD.starts_on) THEN
    RAISE EXCEPTION 'a line that gave a price is not rewritten' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'accord_line_in_use';
  END IF;
  IF NEW.ends_on < last_order AND NEW.ends_on IS DISTINCT FROM OLD.ends_on THEN
    RAISE EXCEPTION 'a line does not end before the last order that used it' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'accord_line_ends_after_its_orders';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER accord_line_in_use BEFORE UPDATE
  ON catalogue_accordline FOR EACH ROW EXECUTE FUNCTION enrolments_line_in_use();

CREATE FUNCTION enrolments_enrolment_holds_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM catalogue_accordline WHERE id = NEW.accord_line_id FOR SHARE;
  RETURN NEW;
END $$;
CREATE TRIGGER enrolment_holds_line BEFORE INSERT OR UPDATE OF accord_line_id
  ON enrolments_enrolment FOR EACH ROW WHEN (NEW.accord_line_id IS NOT NULL)
  EXECUTE FUNCTION enrolments_enrolment_holds_line();
"""
BACKWARD = """
DROP TRIGGER enrolment_holds_line ON enrolments_enrolment;
DROP FUNCTION enrolments_enrolment_holds_line();
DROP TRIGGER accord_line_in_use ON catalogue_accordline;
DROP FUNCTION enrolments_line_in_use();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("enrolments", "0005_following"),
        ("enrolments", "0004_states"),
        ("catalogue", "0003_accord_line_versions"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
