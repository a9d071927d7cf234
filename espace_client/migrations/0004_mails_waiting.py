from django.db import migrations, models


class Migration(migrations.Migration):
    """The mails that have not left are found without reading those that have."""

    dependencies = [("espace_client", "0003_outgoing_mails")]

    operations = [
        migrations.AddIndex(
            model_name="outgoingmail",
            index=models.Index(
                condition=models.Q(("sent_at__isnull", True)), fields=["written_at"], name="mail_waiting"
            ),
        ),
    ]
