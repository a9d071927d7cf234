from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Whether somebody's order on the site opened the prices of an establishment is one look, made while pages load."""

    atomic = False
    dependencies = [("enrolments", "0008_acknowledgement")]

    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                condition=models.Q(("channel", "site")), fields=["order_email", "establishment"], name="order_on_site"
            ),
        ),
    ]
