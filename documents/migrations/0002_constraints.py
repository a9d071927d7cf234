"""Kept by the database: a document agrees with what it is about, never changes, never goes; the journal only grows.

What is copied or compared is locked meanwhile (FOR SHARE): an order that changes hands at the same moment takes every
document with it. What a document is about may be completed (the ERP leaves blanks), never changed.
"""

from django.db import migrations

FORWARD = r"""
CREATE FUNCTION documents_sole_orderer(of_session bigint, of_establishment bigint) RETURNS text LANGUAGE sql STABLE
AS $$
  -- An attendance sheet without an order is also that of the one person who ordered every seat on it, if there is one.
  -- A cancelled seat counts: the sheet may have been printed, and signed, before it was.
  SELECT CASE WHEN count(DISTINCT order_email) = 1 THEN min(order_email) ELSE '' END FROM enrolments_enrolment
    WHERE session_id = of_session AND establishment_id = of_establishment
$$;

CREATE FUNCTION documents_document_agrees() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  subject record;
BEGIN
  IF TG_OP = 'UPDATE' AND (OLD.order_id, OLD.enrolment_id, OLD.session_id)
    IS NOT DISTINCT FROM (NEW.order_id, NEW.enrolment_id, NEW.session_id) THEN
    RETURN NEW;  -- what it is about may have moved since it was issued
  END IF;
  IF NEW.enrolment_id IS NOT NULL THEN
    SELECT order_id, session_id INTO subject FROM enrolments_enrolment WHERE id = NEW.enrolment_id FOR SHARE;
    IF subject.order_id IS DISTINCT FROM NEW.order_id
      OR (NEW.session_id IS NOT NULL AND NEW.session_id <> subject.session_id) THEN
      RAISE EXCEPTION 'document %: order, enrolment and session do not belong together', NEW.number
        USING ERRCODE = 'check_violation', CONSTRAINT = 'document_agrees_with_its_subject';
    END IF;
  ELSIF NEW.session_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM enrolments_enrolment WHERE session_id = NEW.session_id
      AND CASE WHEN NEW.order_id IS NULL THEN establishment_id = NEW.establishment_id ELSE order_id = NEW.order_id END
  ) THEN
    RAISE EXCEPTION 'document %: nobody of the order or establishment is enrolled in the session', NEW.number
      USING ERRCODE = 'check_violation', CONSTRAINT = 'document_agrees_with_its_subject';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER document_agrees_with_its_subject BEFORE INSERT OR UPDATE OF order_id, enrolment_id, session_id
  ON documents_document FOR EACH ROW EXECUTE FUNCTION documents_document_agrees();

CREATE FUNCTION documents_document_follows_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owner record;
BEGIN
  IF NEW.order_id IS NULL THEN
    PERFORM 1 FROM enrolments_enrolment
      WHERE session_id = NEW.session_id AND establishment_id = NEW.establishment_id FOR SHARE;
    NEW.order_email := documents_sole_orderer(NEW.session_id, NEW.establishment_id);
    RETURN NEW;
  END IF;
  SELECT establishment_id, order_email INTO owner FROM enrolments_order WHERE id = NEW.order_id FOR SHARE;
  IF NEW.establishment_id IS NOT NULL AND owner.establishment_id IS DISTINCT FROM NEW.establishment_id THEN
    RAISE EXCEPTION 'document %: the establishment is not that of the order', NEW.number
      USING ERRCODE = 'check_violation', CONSTRAINT = 'document_agrees_with_its_subject';
  END IF;
  NEW.establishment_id := owner.establishment_id;
  NEW.order_email := owner.order_email;
  RETURN NEW;
END $$;
CREATE TRIGGER document_follows_order BEFORE INSERT OR UPDATE OF order_id, establishment_id, order_email
  ON documents_document FOR EACH ROW EXECUTE FUNCTION documents_document_follows_order();

CREATE FUNCTION documents_document_replaces_its_like() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  previous documents_document;
BEGIN
  SELECT * INTO previous FROM documents_document WHERE id = NEW.replaces_id FOR SHARE;
  IF previous.type <> NEW.type
    OR previous.order_id IS DISTINCT FROM NEW.order_id
    OR previous.enrolment_id IS DISTINCT FROM NEW.enrolment_id
    OR (NEW.enrolment_id IS NULL AND previous.session_id IS DISTINCT FROM NEW.session_id)
    OR (NEW.order_id IS NULL AND previous.establishment_id IS DISTINCT FROM NEW.establishment_id) THEN
    RAISE EXCEPTION 'document % replaces one that is about something else', NEW.number
      USING ERRCODE = 'check_violation', CONSTRAINT = 'document_replaces_its_like';
  END IF;
  IF EXISTS (
    WITH RECURSIVE older(id) AS (
      SELECT NEW.replaces_id UNION SELECT replaces_id FROM documents_document JOIN older USING (id)
    ) SELECT 1 FROM older WHERE id = NEW.id
  ) THEN
    RAISE EXCEPTION 'document % would replace itself', NEW.number
      USING ERRCODE = 'check_violation', CONSTRAINT = 'document_replaces_no_newer';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER document_replaces_its_like BEFORE INSERT OR UPDATE OF replaces_id, order_id, enrolment_id, session_id
  ON documents_document FOR EACH ROW WHEN (NEW.replaces_id IS NOT NULL)
  EXECUTE FUNCTION documents_document_replaces_its_like();

CREATE FUNCTION documents_order_carries_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.establishment_id IS DISTINCT FROM OLD.establishment_id OR NEW.order_email <> OLD.order_email THEN
    UPDATE documents_document SET establishment_id = NEW.establishment_id, order_email = NEW.order_email
      WHERE order_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER order_carries_documents AFTER UPDATE OF establishment_id, order_email
  ON enrolments_order FOR EACH ROW EXECUTE FUNCTION documents_order_carries_documents();

CREATE FUNCTION documents_enrolment_carries_sheets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE documents_document SET order_email = order_email  -- worked out again by document_follows_order
    WHERE order_id IS NULL AND session_id = NEW.session_id
      AND establishment_id IN (OLD.establishment_id, NEW.establishment_id);
  RETURN NULL;
END $$;
CREATE TRIGGER enrolment_carries_sheets AFTER UPDATE OF order_email, establishment_id ON enrolments_enrolment
  FOR EACH ROW WHEN (NEW.order_email <> OLD.order_email OR NEW.establishment_id IS DISTINCT FROM OLD.establishment_id)
  EXECUTE FUNCTION documents_enrolment_carries_sheets();

CREATE FUNCTION documents_enrolment_keeps_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM documents_document WHERE enrolment_id = NEW.id) THEN
    RAISE EXCEPTION 'an enrolment with documents stays in its order' USING ERRCODE = 'check_violation',
      CONSTRAINT = 'enrolment_with_documents_keeps_its_order';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER enrolment_with_documents_keeps_its_order BEFORE UPDATE OF order_id
  ON enrolments_enrolment FOR EACH ROW WHEN (NEW.order_id <> OLD.order_id)
  EXECUTE FUNCTION documents_enrolment_keeps_order();

CREATE FUNCTION documents_access_takes_exceptions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM documents_documentgrant exception USING documents_document document
    WHERE exception.content_object_id = document.id
      AND exception.user_id = OLD.user_id AND document.establishment_id = OLD.establishment_id;
  RETURN NULL;
END $$;
CREATE TRIGGER access_takes_its_exceptions AFTER DELETE ON accounts_access FOR EACH ROW
  EXECUTE FUNCTION documents_access_takes_exceptions();

CREATE FUNCTION documents_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'check_violation',
    CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER document_never_changes BEFORE UPDATE ON documents_document FOR EACH ROW
  WHEN (OLD.type IS DISTINCT FROM NEW.type OR OLD.number IS DISTINCT FROM NEW.number
    OR OLD.file IS DISTINCT FROM NEW.file OR OLD.sha256 IS DISTINCT FROM NEW.sha256
    OR OLD.size IS DISTINCT FROM NEW.size OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at
    OR NEW.order_id IS DISTINCT FROM coalesce(OLD.order_id, NEW.order_id)
    OR NEW.enrolment_id IS DISTINCT FROM coalesce(OLD.enrolment_id, NEW.enrolment_id)
    OR NEW.session_id IS DISTINCT FROM coalesce(OLD.session_id, NEW.session_id)
    OR NEW.replaces_id IS DISTINCT FROM coalesce(OLD.replaces_id, NEW.replaces_id)
    OR (OLD.order_id IS NULL AND OLD.establishment_id IS DISTINCT FROM NEW.establishment_id))
  EXECUTE FUNCTION documents_refuse('a document that was issued never changes');
CREATE TRIGGER document_never_goes BEFORE DELETE ON documents_document FOR EACH ROW
  EXECUTE FUNCTION documents_refuse('a document that was issued stays');
CREATE TRIGGER serving_never_changes BEFORE UPDATE OR DELETE ON documents_serving FOR EACH ROW
  EXECUTE FUNCTION documents_refuse('the journal only grows');
"""
BACKWARD = """
DROP TRIGGER serving_never_changes ON documents_serving;
DROP TRIGGER document_never_goes ON documents_document;
DROP TRIGGER document_never_changes ON documents_document;
DROP FUNCTION documents_refuse();
DROP TRIGGER access_takes_its_exceptions ON accounts_access;
DROP FUNCTION documents_access_takes_exceptions();
DROP TRIGGER enrolment_with_documents_keeps_its_order ON enrolments_enrolment;
DROP FUNCTION documents_enrolment_keeps_order();
DROP TRIGGER enrolment_carries_sheets ON enrolments_enrolment;
DROP FUNCTION documents_enrolment_carries_sheets();
DROP TRIGGER order_carries_documents ON enrolments_order;
DROP FUNCTION documents_order_carries_documents();
DROP TRIGGER document_replaces_its_like ON documents_document;
DROP FUNCTION documents_document_replaces_its_like();
DROP TRIGGER document_follows_order ON documents_document;
DROP FUNCTION documents_document_follows_order();
DROP TRIGGER document_agrees_with_its_subject ON documents_document;
DROP FUNCTION documents_document_agrees();
DROP FUNCTION documents_sole_orderer(bigint, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial"), ("enrolments", "0002_constraints")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
