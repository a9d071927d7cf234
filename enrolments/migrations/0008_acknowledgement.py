from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enrolments", "0007_months_from_their_index")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="acknowledgement_waits",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
