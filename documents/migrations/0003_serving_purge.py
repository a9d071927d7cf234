"""The download journal only grows, but for the purge of its oldest lines (accounts.journal)."""

from django.db import migrations

FORWARD = """
DROP TRIGGER serving_never_changes ON documents_serving;
CREATE TRIGGER serving_never_changes BEFORE UPDATE OR DELETE ON documents_serving FOR EACH ROW
  EXECUTE FUNCTION accounts_journal_only_grows();
"""
BACKWARD = """
DROP TRIGGER serving_never_changes ON documents_serving;
CREATE TRIGGER serving_never_changes BEFORE UPDATE OR DELETE ON documents_serving FOR EACH ROW
  EXECUTE FUNCTION documents_refuse('the journal only grows');
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0002_constraints"), ("accounts", "0003_journal_notifications_switcher")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
