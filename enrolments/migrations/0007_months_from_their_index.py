from django.db import migrations, models


class Migration(migrations.Migration):
    """What the months of an establishment amount to is read from its index alone."""

    dependencies = [("enrolments", "0006_ordering")]

    operations = [
        migrations.RemoveIndex(model_name="enrolment", name="enrolment_by_establishment"),
        migrations.AddIndex(
            model_name="enrolment",
            index=models.Index(
                fields=["establishment", "-starts_on", "-id"],
                include=["price", "hours", "state", "order_email"],
                name="enrolment_by_establishment",
            ),
        ),
    ]
