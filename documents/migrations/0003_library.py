"""Archives, deposits, acceptances, evaluations and visits of the library; acceptances and final answers stay."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import documents.models

FORWARD = """
CREATE FUNCTION documents_acceptance_agrees() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  signed documents_document;
BEGIN
  SELECT * INTO signed FROM documents_document WHERE id = NEW.document_id FOR SHARE;
  IF signed.sha256 <> NEW.sha256 OR signed.type NOT IN ('bon_pour_accord', 'convention') THEN
    RAISE EXCEPTION 'an acceptance of document % names other bytes, or a type that nobody signs', signed.number
      USING ERRCODE = 'check_violation', CONSTRAINT = 'acceptance_of_these_bytes';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER acceptance_of_these_bytes BEFORE INSERT ON documents_acceptance FOR EACH ROW
  EXECUTE FUNCTION documents_acceptance_agrees();
CREATE TRIGGER acceptance_never_changes BEFORE UPDATE OR DELETE ON documents_acceptance FOR EACH ROW
  EXECUTE FUNCTION documents_refuse('what was agreed to stays agreed to');
CREATE TRIGGER evaluation_once_submitted_is_final BEFORE UPDATE ON documents_evaluation FOR EACH ROW
  WHEN (OLD.submitted_at IS NOT NULL
    AND (NEW.answers IS DISTINCT FROM OLD.answers OR NEW.submitted_at IS DISTINCT FROM OLD.submitted_at))
  EXECUTE FUNCTION documents_refuse('answers that were submitted are final');
"""
BACKWARD = """
DROP TRIGGER evaluation_once_submitted_is_final ON documents_evaluation;
DROP TRIGGER acceptance_never_changes ON documents_acceptance;
DROP TRIGGER acceptance_of_these_bytes ON documents_acceptance;
DROP FUNCTION documents_acceptance_agrees();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0002_constraints"),
        ("enrolments", "0003_faster_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Evaluation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("invited_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="invité le")),
                ("invited_to", models.EmailField(blank=True, max_length=254, verbose_name="adresse")),
                ("expires_at", models.DateTimeField(verbose_name="expire le")),
                ("reminders", models.PositiveSmallIntegerField(default=0, verbose_name="relances")),
                ("reminded_at", models.DateTimeField(blank=True, null=True, verbose_name="relancé le")),
                ("answers", models.JSONField(blank=True, default=dict, verbose_name="réponses")),
                ("saved_at", models.DateTimeField(blank=True, null=True, verbose_name="commencée le")),
                ("submitted_at", models.DateTimeField(blank=True, null=True, verbose_name="envoyée le")),
                (
                    "enrolment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evaluation",
                        to="enrolments.enrolment",
                        verbose_name="inscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "évaluation en ligne",
                "verbose_name_plural": "évaluations en ligne",
                "ordering": ["-invited_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="EvaluationLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("sent_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="envoyé le")),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="documents.evaluation",
                        verbose_name="évaluation en ligne",
                    ),
                ),
            ],
            options={
                "verbose_name": "lien d’évaluation",
                "verbose_name_plural": "liens d’évaluation",
            },
        ),
        migrations.CreateModel(
            name="LibraryVisit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField(null=True, verbose_name="nouveau depuis")),
                ("last_at", models.DateTimeField(verbose_name="vu le")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="personne",
                    ),
                ),
            ],
            options={
                "verbose_name": "visite de la bibliothèque",
            },
        ),
        migrations.CreateModel(
            name="Acceptance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "method",
                    models.CharField(
                        choices=[("portal", "Accord donné dans le portail"), ("upload", "Exemplaire signé déposé")],
                        max_length=6,
                        verbose_name="manière",
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="nom du signataire")),
                ("job_title", models.CharField(blank=True, max_length=150, verbose_name="fonction")),
                ("statement", models.CharField(blank=True, max_length=500, verbose_name="mention")),
                ("sha256", models.CharField(max_length=64, verbose_name="empreinte du document")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="le")),
                ("user_email", models.EmailField(max_length=254, verbose_name="adresse email")),
                ("ip_address", models.GenericIPAddressField(null=True, verbose_name="adresse IP")),
                ("user_agent", models.CharField(blank=True, max_length=300, verbose_name="navigateur")),
                (
                    "document",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acceptance",
                        to="documents.document",
                        verbose_name="document",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="compte",
                    ),
                ),
            ],
            options={
                "verbose_name": "accord signé",
                "verbose_name_plural": "accords signés",
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("method__in", ["portal", "upload"])), name="acceptance_method_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="acceptance_names_somebody"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("method", "upload"),
                            models.Q(
                                models.Q(("job_title", ""), _negated=True), models.Q(("statement", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="acceptance_in_the_portal_is_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Archive",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200, verbose_name="titre")),
                (
                    "document_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None, verbose_name="documents"
                    ),
                ),
                (
                    "notes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), blank=True, default=list, size=None, verbose_name="remarques"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="demandée le")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ready", "Prête"),
                            ("running", "En cours"),
                            ("done", "Terminée"),
                            ("interrupted", "Interrompue"),
                        ],
                        default="ready",
                        max_length=11,
                        verbose_name="état",
                    ),
                ),
                ("started_at", models.DateTimeField(null=True, verbose_name="commencée le")),
                ("progressed_at", models.DateTimeField(null=True, verbose_name="avancée le")),
                ("total", models.PositiveIntegerField(verbose_name="fichiers demandés")),
                ("done", models.PositiveIntegerField(default=0, verbose_name="fichiers écrits")),
                ("left_out", models.PositiveIntegerField(default=0, verbose_name="fichiers laissés de côté")),
                ("size", models.PositiveBigIntegerField(default=0, verbose_name="octets écrits")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="personne",
                    ),
                ),
            ],
            options={
                "verbose_name": "archive ZIP",
                "verbose_name_plural": "archives ZIP",
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["user", "-created_at"], name="archive_by_user")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["ready", "running", "done", "interrupted"])),
                        name="archive_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total", models.F("document_ids__len"))),
                        name="archive_counts_its_documents",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("done"), "+", models.F("left_out")
                                ),
                            )
                        ),
                        name="archive_writes_no_more",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Deposit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("user_email", models.EmailField(max_length=254, verbose_name="adresse email")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="reçu le")),
                ("original_name", models.CharField(max_length=255, verbose_name="nom du fichier reçu")),
                (
                    "original",
                    models.FileField(
                        blank=True,
                        storage=documents.models.documents_storage,
                        upload_to="",
                        verbose_name="image d’origine",
                    ),
                ),
                ("original_sha256", models.CharField(max_length=64, verbose_name="empreinte du fichier reçu")),
                (
                    "scan",
                    models.CharField(
                        choices=[
                            ("clean", "Analysé, rien trouvé"),
                            ("none", "Non analysé (aucun antivirus configuré)"),
                        ],
                        max_length=5,
                        verbose_name="antivirus",
                    ),
                ),
                ("handled_at", models.DateTimeField(blank=True, null=True, verbose_name="traité le")),
                (
                    "document",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deposit",
                        to="documents.document",
                        verbose_name="document",
                    ),
                ),
                (
                    "handled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="traité par",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="déposé par",
                    ),
                ),
            ],
            options={
                "verbose_name": "document reçu",
                "verbose_name_plural": "documents reçus",
                "ordering": ["-at", "-pk"],
                "indexes": [
                    models.Index(fields=["-at"], name="deposit_by_time"),
                    models.Index(
                        condition=models.Q(("handled_at__isnull", True)), fields=["-at"], name="deposit_waiting"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("scan__in", ["clean", "none"])), name="deposit_scan_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("original_sha256__regex", "^[0-9a-f]{64}$")), name="deposit_sha256_hex"
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="evaluation",
            index=models.Index(
                condition=models.Q(("submitted_at__isnull", True)),
                fields=["expires_at"],
                name="evaluation_not_answered",
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluation",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("invited_at"))), name="evaluation_expires_later"
            ),
        ),
        migrations.AddConstraint(
            model_name="libraryvisit",
            constraint=models.CheckConstraint(
                condition=models.Q(("since__isnull", True), ("since__lte", models.F("last_at")), _connector="OR"),
                name="library_visit_in_order",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
