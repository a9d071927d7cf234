"""What is issued: papers asked for, numbers, invoices as figures; kept as they are by triggers."""

import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

FORWARD = r"""
CREATE TRIGGER invoice_figures_never_change BEFORE UPDATE ON documents_invoice FOR EACH ROW
  WHEN ((OLD.document_id, OLD.credits_id, OLD.net, OLD.vat, OLD.total, OLD.due_on, OLD.funder, OLD.funder_part)
    IS DISTINCT FROM (NEW.document_id, NEW.credits_id, NEW.net, NEW.vat, NEW.total, NEW.due_on, NEW.funder,
      NEW.funder_part))
  EXECUTE FUNCTION documents_refuse('the figures of an invoice never change');
CREATE TRIGGER invoice_never_goes BEFORE DELETE ON documents_invoice FOR EACH ROW
  EXECUTE FUNCTION documents_refuse('an invoice stays');
CREATE TRIGGER seat_as_billed_never_changes BEFORE UPDATE ON documents_invoicedseat FOR EACH ROW
  WHEN (OLD.credited_by_id IS NOT NULL
    OR (OLD.invoice_id, OLD.enrolment_id, OLD.line, OLD.title, OLD.reference, OLD.session_code, OLD.trainee,
      OLD.public_price, OLD.price, OLD.accord, OLD.vat_rate)
    IS DISTINCT FROM (NEW.invoice_id, NEW.enrolment_id, NEW.line, NEW.title, NEW.reference, NEW.session_code,
      NEW.trainee, NEW.public_price, NEW.price, NEW.accord, NEW.vat_rate))
  EXECUTE FUNCTION documents_refuse('what was billed never changes, and is credited once');
CREATE TRIGGER seat_as_billed_never_goes BEFORE DELETE ON documents_invoicedseat FOR EACH ROW
  EXECUTE FUNCTION documents_refuse('what was billed stays');
CREATE TRIGGER series_only_goes_on BEFORE UPDATE ON documents_numberseries FOR EACH ROW
  WHEN (NEW.name <> OLD.name OR NEW.last < OLD.last OR NEW.last_on < OLD.last_on
    OR (OLD.last_on IS NOT NULL AND NEW.last_on IS NULL))
  EXECUTE FUNCTION documents_refuse('numbers and their dates only go on');
CREATE TRIGGER series_never_goes BEFORE DELETE ON documents_numberseries FOR EACH ROW
  EXECUTE FUNCTION documents_refuse('a series stays');
"""
BACKWARD = """
DROP TRIGGER series_never_goes ON documents_numberseries;
DROP TRIGGER series_only_goes_on ON documents_numberseries;
DROP TRIGGER seat_as_billed_never_goes ON documents_invoicedseat;
DROP TRIGGER seat_as_billed_never_changes ON documents_invoicedseat;
DROP TRIGGER invoice_never_goes ON documents_invoice;
DROP TRIGGER invoice_figures_never_change ON documents_invoice;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_constraints"),
        ("catalogue", "0002_constraints"),
        ("documents", "0004_merge_purge_and_library"),
        ("enrolments", "0004_attendance"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="NumberSeries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=10, unique=True, verbose_name="série")),
                ("last", models.PositiveIntegerField(default=0, verbose_name="dernier numéro")),
                ("last_on", models.DateField(blank=True, null=True, verbose_name="date du dernier")),
            ],
            options={
                "verbose_name": "série de numéros",
                "verbose_name_plural": "séries de numéros",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="IssueBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=200, verbose_name="motif")),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="demandée le")),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="demandée par",
                    ),
                ),
            ],
            options={
                "verbose_name": "émission",
                "verbose_name_plural": "émissions",
                "ordering": ["-asked_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Issue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("bon_pour_accord", "Bon pour accord"),
                            ("convention", "Convention"),
                            ("convocation", "Convocation"),
                            ("emargement", "Feuille d’émargement"),
                            ("evaluation", "Évaluation"),
                            ("attestation", "Attestation et certificat de réalisation"),
                            ("facture", "Facture"),
                            ("avoir", "Avoir"),
                        ],
                        max_length=20,
                        verbose_name="pièce",
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(default=1, verbose_name="version")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="motif")),
                (
                    "state",
                    models.CharField(
                        choices=[("asked", "En attente"), ("done", "Émise"), ("failed", "En échec")],
                        default="asked",
                        max_length=6,
                        verbose_name="état",
                    ),
                ),
                ("error", models.TextField(blank=True, verbose_name="ce qui l’empêche")),
                ("number", models.CharField(blank=True, max_length=60, verbose_name="numéro")),
                ("issued_on", models.DateField(blank=True, null=True, verbose_name="date")),
                ("check_code", models.CharField(blank=True, editable=False, max_length=40, null=True, unique=True)),
                ("printed", models.JSONField(blank=True, default=dict, editable=False)),
                (
                    "credits",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="avoirs_asked",
                        to="documents.document",
                        verbose_name="facture corrigée",
                    ),
                ),
                (
                    "document",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="issue",
                        to="documents.document",
                        verbose_name="document",
                    ),
                ),
                (
                    "enrolment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="issues",
                        to="enrolments.enrolment",
                        verbose_name="inscription",
                    ),
                ),
                (
                    "establishment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="issues",
                        to="accounts.establishment",
                        verbose_name="établissement",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="issues",
                        to="enrolments.order",
                        verbose_name="commande",
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.document",
                        verbose_name="remplace",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="issues",
                        to="catalogue.session",
                        verbose_name="session",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="issues",
                        to="documents.issuebatch",
                        verbose_name="émission",
                    ),
                ),
            ],
            options={
                "verbose_name": "pièce à émettre",
                "verbose_name_plural": "pièces à émettre",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="FundingAgreement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("funder", models.CharField(max_length=100, verbose_name="OPCO")),
                ("file_number", models.CharField(blank=True, max_length=60, verbose_name="numéro de dossier")),
                ("granted", models.DecimalField(decimal_places=2, max_digits=12, verbose_name="montant accordé HT")),
                ("subrogation", models.BooleanField(default=True, verbose_name="subrogation de paiement")),
                (
                    "document",
                    models.OneToOneField(
                        limit_choices_to=models.Q(("type", "prise_en_charge")),
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="funding",
                        to="documents.document",
                        verbose_name="prise en charge",
                    ),
                ),
            ],
            options={
                "verbose_name": "accord de financement",
                "verbose_name_plural": "accords de financement",
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("granted__gt", 0)),
                        name="funding_grants_something",
                        violation_error_message="Un accord de financement porte sur un montant.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("net", models.DecimalField(decimal_places=2, max_digits=12, verbose_name="total HT")),
                ("vat", models.DecimalField(decimal_places=2, max_digits=12, verbose_name="TVA")),
                ("total", models.DecimalField(decimal_places=2, max_digits=12, verbose_name="total TTC")),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="échéance")),
                ("funder", models.CharField(blank=True, max_length=100, verbose_name="financeur subrogé")),
                (
                    "funder_part",
                    models.DecimalField(decimal_places=2, default=0, max_digits=12, verbose_name="part du financeur"),
                ),
                ("platform", models.CharField(blank=True, max_length=100, verbose_name="plateforme agréée")),
                (
                    "platform_reference",
                    models.CharField(blank=True, max_length=100, verbose_name="référence sur la plateforme"),
                ),
                (
                    "platform_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("deposited", "Déposée"),
                            ("rejected", "Rejetée"),
                            ("refused", "Refusée"),
                            ("collected", "Encaissée"),
                        ],
                        max_length=10,
                        verbose_name="statut sur la plateforme",
                    ),
                ),
                (
                    "credits",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="avoirs",
                        to="documents.document",
                        verbose_name="facture corrigée",
                    ),
                ),
                (
                    "document",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoice",
                        to="documents.document",
                        verbose_name="document",
                    ),
                ),
            ],
            options={
                "verbose_name": "facture ou avoir",
                "verbose_name_plural": "factures et avoirs",
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total",
                                django.db.models.expressions.CombinedExpression(models.F("net"), "+", models.F("vat")),
                            )
                        ),
                        name="invoice_total_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("credits__isnull", True), ("net__gte", 0), ("vat__gte", 0)),
                            models.Q(("credits__isnull", False), ("net__lte", 0), ("vat__lte", 0)),
                            _connector="OR",
                        ),
                        name="invoice_sign_says_what_it_is",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("funder_part", 0),
                            models.Q(("funder_part__gt", 0), ("funder_part__lte", models.F("total"))),
                            _connector="OR",
                        ),
                        name="invoice_funder_pays_a_part",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("platform_status", ""),
                            ("platform_status__in", ["deposited", "rejected", "refused", "collected"]),
                            _connector="OR",
                        ),
                        name="invoice_platform_status_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoicedSeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.PositiveSmallIntegerField(verbose_name="ligne")),
                ("title", models.CharField(max_length=250, verbose_name="désignation")),
                ("reference", models.CharField(max_length=30, verbose_name="référence")),
                ("session_code", models.CharField(max_length=40, verbose_name="session")),
                ("trainee", models.CharField(max_length=202, verbose_name="stagiaire")),
                ("public_price", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="prix public HT")),
                ("price", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="prix HT")),
                ("accord", models.CharField(blank=True, max_length=60, verbose_name="accord-cadre")),
                ("vat_rate", models.DecimalField(decimal_places=2, max_digits=4, verbose_name="taux de TVA (%)")),
                (
                    "enrolment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoiced_seats",
                        to="enrolments.enrolment",
                        verbose_name="inscription",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seats",
                        to="documents.document",
                        verbose_name="facture",
                    ),
                ),
                (
                    "credited_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seats",
                        to="documents.issue",
                        verbose_name="avoir",
                    ),
                ),
            ],
            options={
                "verbose_name": "place facturée",
                "verbose_name_plural": "places facturées",
                "ordering": ["invoice", "line", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("credited_by__isnull", True)),
                        fields=("enrolment",),
                        name="seat_billed_once",
                    ),
                    models.UniqueConstraint(fields=("invoice", "enrolment"), name="seat_once_an_invoice"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(fields=["batch", "state"], name="issue_by_batch"),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(condition=models.Q(("state", "failed")), fields=["id"], name="issue_failed"),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.UniqueConstraint(
                fields=("kind", "order", "enrolment", "session", "establishment", "credits", "version"),
                name="issue_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.UniqueConstraint(
                condition=models.Q(("number", ""), _negated=True), fields=("number",), name="issue_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "bon_pour_accord",
                            "convention",
                            "convocation",
                            "emargement",
                            "evaluation",
                            "attestation",
                            "facture",
                            "avoir",
                        ],
                    )
                ),
                name="issue_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("document__isnull", False), ("state", "done")),
                    models.Q(("document__isnull", True), ("state__in", ["asked", "failed"])),
                    _connector="OR",
                ),
                name="issue_done_has_its_document",
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("credits__isnull", False), ("kind", "avoir")),
                    models.Q(models.Q(("kind", "avoir"), _negated=True), ("credits__isnull", True)),
                    _connector="OR",
                ),
                name="issue_avoir_names_its_invoice",
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("order__isnull", False),
                    models.Q(("establishment__isnull", False), ("kind", "emargement"), ("session__isnull", False)),
                    _connector="OR",
                ),
                name="issue_is_about_something",
            ),
        ),
        migrations.CreateModel(
            name="FileCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("begun_at", models.DateTimeField(verbose_name="début")),
                ("ended_at", models.DateTimeField(verbose_name="fin")),
                ("checked", models.PositiveIntegerField(default=0, verbose_name="documents contrôlés")),
                (
                    "missing",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="fichiers absents",
                    ),
                ),
                (
                    "altered",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="fichiers modifiés",
                    ),
                ),
            ],
            options={
                "verbose_name": "contrôle des fichiers",
                "verbose_name_plural": "contrôles des fichiers",
                "ordering": ["-begun_at", "-pk"],
                "indexes": [models.Index(fields=["-begun_at"], name="file_check_by_time")],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
