"""Joins the migrations of two branches."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("documents", "0004_exceptions_follow"), ("documents", "0004_serving_establishment")]
    operations = []
