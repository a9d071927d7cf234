"""Kept by the database: two levels of domains; an accord covers only its own company's establishments.

A parent is locked while it is looked at, so that it can't be given a parent of its own at the same moment.
"""

from django.db import migrations

FORWARD = r"""
CREATE FUNCTION catalogue_domain_two_levels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM catalogue_domain WHERE id = NEW.parent_id FOR SHARE;
  IF NEW.parent_id IS NOT NULL AND (
    EXISTS (SELECT 1 FROM catalogue_domain WHERE id = NEW.parent_id AND parent_id IS NOT NULL)
    OR EXISTS (SELECT 1 FROM catalogue_domain WHERE parent_id = NEW.id)
  ) THEN
    RAISE EXCEPTION 'domains have two levels only' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'domain_two_levels';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER domain_two_levels BEFORE INSERT OR UPDATE OF parent_id
  ON catalogue_domain FOR EACH ROW EXECUTE FUNCTION catalogue_domain_two_levels();

CREATE FUNCTION catalogue_coverage_in_company() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM catalogue_accordcadre accord JOIN accounts_establishment establishment
      ON establishment.company_id = accord.company_id
    WHERE accord.id = NEW.accord_id AND establishment.id = NEW.establishment_id
  ) THEN
    RAISE EXCEPTION 'an accord covers only establishments of its company' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'accord_covers_its_company';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER accord_covers_its_company BEFORE INSERT OR UPDATE
  ON catalogue_accordcoverage FOR EACH ROW EXECUTE FUNCTION catalogue_coverage_in_company();

CREATE FUNCTION catalogue_accord_keeps_company() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.company_id <> OLD.company_id THEN
    RAISE EXCEPTION 'the company of an accord does not change' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'accord_company_fixed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER accord_company_fixed BEFORE UPDATE OF company_id
  ON catalogue_accordcadre FOR EACH ROW EXECUTE FUNCTION catalogue_accord_keeps_company();

CREATE FUNCTION catalogue_line_keeps_accord() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.accord_id <> OLD.accord_id THEN
    RAISE EXCEPTION 'the accord of a line does not change' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'accord_line_accord_fixed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER accord_line_accord_fixed BEFORE UPDATE OF accord_id
  ON catalogue_accordline FOR EACH ROW EXECUTE FUNCTION catalogue_line_keeps_accord();
"""
BACKWARD = """
DROP TRIGGER accord_line_accord_fixed ON catalogue_accordline;
DROP FUNCTION catalogue_line_keeps_accord();
DROP TRIGGER accord_company_fixed ON catalogue_accordcadre;
DROP FUNCTION catalogue_accord_keeps_company();
DROP TRIGGER accord_covers_its_company ON catalogue_accordcoverage;
DROP FUNCTION catalogue_coverage_in_company();
DROP TRIGGER domain_two_levels ON catalogue_domain;
DROP FUNCTION catalogue_domain_two_levels();
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial"), ("accounts", "0002_constraints")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
