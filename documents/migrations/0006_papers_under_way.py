from django.db import migrations, models


class Migration(migrations.Migration):
    """What is being issued is found without reading all that was."""

    dependencies = [("documents", "0005_invoiced_fees")]

    operations = [
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(condition=models.Q(("state", "asked")), fields=["batch"], name="issue_asked"),
        ),
    ]
