import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_delegations_and_reviews"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notificationchoices",
            name="declined",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("orders", "Suivi de mes commandes"),
                        ("approvals", "Commandes à approuver"),
                        ("sessions", "Changements des sessions"),
                        ("reminders", "Rappels avant une session"),
                        ("documents", "Nouveaux documents"),
                        ("papers", "Pièces à fournir"),
                        ("waiting_list", "Place libérée en liste d’attente"),
                        ("evaluations", "Évaluations à recueillir"),
                        ("access_review", "Revue des accès"),
                        ("agreements", "Fin d’un accord-cadre"),
                    ],
                    max_length=20,
                ),
                blank=True,
                default=list,
                size=None,
                verbose_name="notifications refusées",
            ),
        ),
    ]
