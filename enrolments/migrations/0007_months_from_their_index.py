from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """What the months of an establishment amount to is read from its index alone, made while pages go on reading."""

    atomic = False
    dependencies = [("enrolments", "0006_ordering")]

    operations = [
        migrations.RenameIndex(
            model_name="enrolment", old_name="enrolment_by_establishment", new_name="enrolment_by_place_before"
        ),
        AddIndexConcurrently(
            model_name="enrolment",
            index=models.Index(
                fields=["establishment", "-starts_on", "-id"],
                include=["price", "hours", "state", "order_email"],
                name="enrolment_by_establishment",
            ),
        ),
        RemoveIndexConcurrently(model_name="enrolment", name="enrolment_by_place_before"),
    ]
