from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enrolments", "0006_ordering")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="acknowledgement_waits",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
