from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Whose a content already is, is asked of each file of a drop; the index is made while pages go on reading."""

    atomic = False
    dependencies = [("documents", "0006_papers_under_way")]

    operations = [
        AddIndexConcurrently(model_name="document", index=models.Index(fields=["sha256"], name="document_by_content")),
    ]
