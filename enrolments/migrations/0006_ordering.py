import uuid
from decimal import Decimal

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_journal_notifications_switcher"),
        ("catalogue", "0003_accord_line_versions"),
        ("enrolments", "0004_lines_in_use"),
        ("enrolments", "0005_following"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "active",
                    models.BooleanField(
                        default=False, verbose_name="Les commandes attendent l’accord d’un administrateur"
                    ),
                ),
                (
                    "threshold",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        max_digits=10,
                        verbose_name="Montant HT à partir duquel il le faut",
                    ),
                ),
                ("stand_in_from", models.DateField(blank=True, null=True, verbose_name="Du")),
                ("stand_in_until", models.DateField(blank=True, null=True, verbose_name="Au")),
            ],
            options={
                "verbose_name": "approbation interne",
                "verbose_name_plural": "approbations internes",
            },
        ),
        migrations.CreateModel(
            name="DraftSeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last_name", models.CharField(blank=True, max_length=100, verbose_name="nom")),
                ("first_name", models.CharField(blank=True, max_length=100, verbose_name="prénom")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="adresse email")),
            ],
            options={
                "verbose_name": "personne à inscrire",
                "verbose_name_plural": "personnes à inscrire",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="OrderDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("declared_siret", models.CharField(blank=True, max_length=14, verbose_name="SIRET déclaré")),
                ("order_email", models.EmailField(max_length=254, verbose_name="adresse de la commande")),
                (
                    "purchase_order_number",
                    models.CharField(blank=True, max_length=60, verbose_name="n° de bon de commande"),
                ),
                ("opco", models.CharField(blank=True, max_length=100, verbose_name="OPCO")),
                ("unnamed_seats", models.PositiveSmallIntegerField(default=0, verbose_name="places à désigner")),
                ("comment", models.CharField(blank=True, max_length=500, verbose_name="mot pour notre équipe")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name": "inscription en préparation",
                "verbose_name_plural": "inscriptions en préparation",
                "ordering": ["-updated_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="OrderEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("placed", "Commande passée"),
                            ("approved", "Approuvée en interne"),
                            ("declined", "Déclinée en interne"),
                            ("withdrawn", "Retirée"),
                            ("validated", "Validée par notre équipe"),
                            ("refused", "Refusée par notre équipe"),
                            ("cancelled", "Annulée par notre équipe"),
                        ],
                        max_length=20,
                        verbose_name="quoi",
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="quand")),
                ("word", models.CharField(blank=True, max_length=500, verbose_name="mot")),
            ],
            options={
                "verbose_name": "événement",
                "ordering": ["at", "pk"],
            },
        ),
        migrations.AddField(
            model_name="order",
            name="comment",
            field=models.CharField(blank=True, db_default="", default="", max_length=500, verbose_name="mot du client"),
        ),
        migrations.AddField(
            model_name="order",
            name="draft_token",
            field=models.UUIDField(blank=True, editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("draft_token",), name="order_one_per_draft"),
        ),
        migrations.AddField(
            model_name="approvalpolicy",
            name="establishment",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="approval_policy",
                to="accounts.establishment",
                verbose_name="établissement",
            ),
        ),
        migrations.AddField(
            model_name="approvalpolicy",
            name="stand_in",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Remplaçant",
            ),
        ),
        migrations.AddField(
            model_name="draftseat",
            name="participant",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="enrolments.participant",
            ),
        ),
        migrations.AddField(
            model_name="orderdraft",
            name="establishment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.establishment",
                verbose_name="établissement",
            ),
        ),
        migrations.AddField(
            model_name="orderdraft",
            name="order",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="enrolments.order",
                verbose_name="commande",
            ),
        ),
        migrations.AddField(
            model_name="orderdraft",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="personne",
            ),
        ),
        migrations.AddField(
            model_name="orderdraft",
            name="session",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="catalogue.session",
                verbose_name="session",
            ),
        ),
        migrations.AddField(
            model_name="draftseat",
            name="draft",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="seats", to="enrolments.orderdraft"
            ),
        ),
        migrations.AddField(
            model_name="orderevent",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="par",
            ),
        ),
        migrations.AddField(
            model_name="orderevent",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="events",
                to="enrolments.order",
                verbose_name="commande",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("threshold__gte", 0)), name="approval_threshold_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("stand_in_from__isnull", True), ("stand_in_until__isnull", True)),
                    models.Q(
                        ("stand_in_from__isnull", False),
                        ("stand_in_until__gte", models.F("stand_in_from")),
                        ("stand_in_until__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="approval_stand_in_from_a_day_to_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderdraft",
            constraint=models.UniqueConstraint(
                condition=models.Q(("order__isnull", True)),
                fields=("owner", "session"),
                name="draft_one_open_per_session",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderdraft",
            constraint=models.CheckConstraint(
                condition=models.Q(("order_email", django.db.models.functions.text.Lower("order_email"))),
                name="draft_email_lower_case",
            ),
        ),
        migrations.AddConstraint(
            model_name="draftseat",
            constraint=models.UniqueConstraint(fields=("draft", "participant"), name="draft_seat_once_per_colleague"),
        ),
        migrations.AddConstraint(
            model_name="draftseat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("participant__isnull", False), models.Q(("last_name", ""), _negated=True), _connector="OR"
                ),
                name="draft_seat_names_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["placed", "approved", "declined", "withdrawn", "validated", "refused", "cancelled"])
                ),
                name="order_event_kind_known",
            ),
        ),
        migrations.RunSQL(
            "CREATE SEQUENCE enrolments_order_number OWNED BY enrolments_order.id",
            "DROP SEQUENCE enrolments_order_number",
        ),
    ]
