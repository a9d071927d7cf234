from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("documents", "0003_library"), ("documents", "0003_serving_purge")]
    operations: list[migrations.operations.base.Operation] = []
