from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The indexes by which colleagues are listed, made while pages go on reading."""

    atomic = False
    dependencies = [("enrolments", "0010_names_of_participants")]

    operations = [
        AddIndexConcurrently(
            model_name="enrolment",
            index=models.Index(
                *("establishment", "participant_last_name", "participant_first_name", "participant"),
                condition=models.Q(participant__isnull=False),
                name="enrolment_by_place_and_name",
            ),
        ),
        AddIndexConcurrently(
            model_name="enrolment",
            index=models.Index(
                *("order_email", "participant_last_name", "participant_first_name", "participant"),
                include=["establishment"],
                condition=models.Q(participant__isnull=False),
                name="enrolment_by_email_and_name",
            ),
        ),
    ]
