"""What two tables must agree on, kept by the database: a SIRET begins with the SIREN of its company, for good.

An establishment never passes to another company (that would be another SIRET): its orders, collaborators and accords
would stay behind. The company's row is locked while it is compared, so two transactions at once can't pass each other.
"""

from django.db import migrations

FORWARD = r"""
CREATE FUNCTION accounts_establishment_matches_company() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM accounts_company WHERE id = NEW.company_id FOR KEY SHARE;
  IF NOT EXISTS (SELECT 1 FROM accounts_company WHERE id = NEW.company_id AND siren = left(NEW.siret, 9)) THEN
    RAISE EXCEPTION 'SIRET % does not belong to its company', NEW.siret USING ERRCODE = 'check_violation',
      CONSTRAINT = 'establishment_siret_of_its_company';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER establishment_siret_of_its_company BEFORE INSERT OR UPDATE OF siret, company_id
  ON accounts_establishment FOR EACH ROW EXECUTE FUNCTION accounts_establishment_matches_company();

CREATE FUNCTION accounts_company_keeps_siren() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.siren <> OLD.siren AND EXISTS (SELECT 1 FROM accounts_establishment WHERE company_id = NEW.id) THEN
    RAISE EXCEPTION 'the SIREN of a company with establishments does not change' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'company_siren_fixed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER company_siren_fixed BEFORE UPDATE OF siren
  ON accounts_company FOR EACH ROW EXECUTE FUNCTION accounts_company_keeps_siren();

CREATE FUNCTION accounts_establishment_keeps_company() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an establishment stays in its company' USING ERRCODE = 'check_violation',
    CONSTRAINT = 'establishment_company_fixed';
END $$;
CREATE TRIGGER establishment_company_fixed BEFORE UPDATE OF company_id ON accounts_establishment FOR EACH ROW
  WHEN (NEW.company_id <> OLD.company_id) EXECUTE FUNCTION accounts_establishment_keeps_company();
"""
BACKWARD = """
DROP TRIGGER establishment_company_fixed ON accounts_establishment;
DROP FUNCTION accounts_establishment_keeps_company();
DROP TRIGGER company_siren_fixed ON accounts_company;
DROP FUNCTION accounts_company_keeps_siren();
DROP TRIGGER establishment_siret_of_its_company ON accounts_establishment;
DROP FUNCTION accounts_establishment_matches_company();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
