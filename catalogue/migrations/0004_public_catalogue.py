"""What the public catalogue needs: courses may leave it, and the others can be searched in French.

`catalogue_plain` takes capitals, accents and punctuation away, but for what names a language: "C#" would otherwise be a
letter. Words are indexed twice, by French stem and as written: "développem" is no prefix of the stem "developp".
An index row exists for exactly what `Course.objects.visible_to` gives.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

FUNCTIONS = r"""
CREATE TEXT SEARCH CONFIGURATION catalogue_french (COPY = pg_catalog.french);
ALTER TEXT SEARCH CONFIGURATION catalogue_french
  ALTER MAPPING FOR hword, hword_part, word WITH unaccent, french_stem;

CREATE FUNCTION catalogue_plain(written text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT btrim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    lower(unaccent(left(written, 100000))),
    '\mc\+\+', ' cplusplus ', 'g'), '\m([cf])#', ' \1sharp ', 'g'), '\.net\M', ' dotnet ', 'g'),
    '[^a-z0-9]+', ' ', 'g'))
$$;

CREATE FUNCTION catalogue_words(written text) RETURNS tsvector LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT to_tsvector('catalogue_french', plain) || to_tsvector('simple', plain)
  FROM (SELECT catalogue_plain(written) AS plain) AS made
$$;

CREATE FUNCTION catalogue_query(typed text) RETURNS tsquery LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  words text[] := regexp_split_to_array(catalogue_plain(typed), ' +');
  found tsquery := ''::tsquery;
  stem tsquery;
BEGIN
  FOR rank IN 1 .. least(cardinality(words), 12) LOOP
    CONTINUE WHEN words[rank] = '';
    stem := to_tsquery('catalogue_french', words[rank]);
    IF rank = cardinality(words) OR length(words[rank]) > 3 THEN
      stem := stem || to_tsquery('simple', words[rank] || ':*');
    ELSIF numnode(stem) > 0 THEN
      stem := stem || to_tsquery('simple', words[rank]);
    END IF;
    found := found && stem;
  END LOOP;
  RETURN found;
END $$;

CREATE FUNCTION catalogue_index_course(wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM catalogue_courseindex USING catalogue_course course
  WHERE course_id = wanted AND course.id = wanted AND (NOT course.in_catalogue OR course.kind = 'bespoke');
  INSERT INTO catalogue_courseindex (course_id, title, head, body, changed_at)
  SELECT id, plain, top,
    top || setweight(catalogue_words(objectives), 'C')
      || setweight(catalogue_words(concat_ws(' ', programme, prerequisites, audience)), 'D'), now()
  FROM (
    SELECT course.*, catalogue_plain(course.title) AS plain,
      setweight(catalogue_words(concat_ws(' ', course.title, course.reference)), 'A')
        || setweight(catalogue_words(concat_ws(' ', domain.label, parent.label, course.certification)), 'B') AS top
    FROM catalogue_course course
    JOIN catalogue_domain domain ON domain.id = course.domain_id
    LEFT JOIN catalogue_domain parent ON parent.id = domain.parent_id
    WHERE course.id = wanted AND course.in_catalogue AND course.kind <> 'bespoke'
  ) AS read
  ON CONFLICT (course_id) DO UPDATE
    SET title = EXCLUDED.title, head = EXCLUDED.head, body = EXCLUDED.body, changed_at = EXCLUDED.changed_at;
END $$;

CREATE FUNCTION catalogue_course_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM catalogue_index_course(NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER course_indexed_when_made AFTER INSERT
  ON catalogue_course FOR EACH ROW EXECUTE FUNCTION catalogue_course_changed();
CREATE TRIGGER course_indexed_when_changed AFTER UPDATE
  ON catalogue_course FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION catalogue_course_changed();

CREATE FUNCTION catalogue_domain_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM catalogue_index_course(course.id) FROM (
    SELECT course.id FROM catalogue_course course JOIN catalogue_domain domain ON domain.id = course.domain_id
    WHERE NEW.id IN (domain.id, domain.parent_id) ORDER BY course.id
  ) AS course;
  RETURN NULL;
END $$;
CREATE TRIGGER courses_indexed_with_their_domain AFTER UPDATE ON catalogue_domain FOR EACH ROW
  WHEN (OLD.label IS DISTINCT FROM NEW.label OR OLD.parent_id IS DISTINCT FROM NEW.parent_id)
  EXECUTE FUNCTION catalogue_domain_changed();

SELECT catalogue_index_course(id) FROM catalogue_course;
"""
BACKWARD = """
DROP TRIGGER courses_indexed_with_their_domain ON catalogue_domain;
DROP FUNCTION catalogue_domain_changed();
DROP TRIGGER course_indexed_when_changed ON catalogue_course;
DROP TRIGGER course_indexed_when_made ON catalogue_course;
DROP FUNCTION catalogue_course_changed();
DROP FUNCTION catalogue_index_course(bigint);
DROP FUNCTION catalogue_query(text);
DROP FUNCTION catalogue_words(text);
DROP FUNCTION catalogue_plain(text);
DROP TEXT SEARCH CONFIGURATION catalogue_french;
"""
INDEXES = [
    django.contrib.postgres.indexes.GinIndex(fields=["head"], name="course_index_head"),
    django.contrib.postgres.indexes.GinIndex(fields=["body"], name="course_index_body"),
    django.contrib.postgres.indexes.GinIndex(
        django.contrib.postgres.indexes.OpClass("title", "gin_trgm_ops"), name="course_index_title_trigrams"
    ),
    models.Index(fields=["title", "course"], name="course_index_by_title"),
]


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0003_accord_line_versions")]

    operations = [
        migrations.AddField(
            model_name="course",
            name="in_catalogue",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Décochée, la formation ne se trouve plus sur le site ; ses sessions et ses papiers restent.",
                verbose_name="au catalogue",
            ),
        ),
        migrations.CreateModel(
            name="CatalogueWord",
            fields=[
                ("word", models.TextField(primary_key=True, serialize=False)),
                ("courses", models.IntegerField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("word", "gin_trgm_ops"), name="catalogue_word_trigrams"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="CourseIndex",
            fields=[
                (
                    "course",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="index",
                        serialize=False,
                        to="catalogue.course",
                    ),
                ),
                ("title", models.TextField()),
                ("head", django.contrib.postgres.search.SearchVectorField()),
                ("body", django.contrib.postgres.search.SearchVectorField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={"indexes": INDEXES, "verbose_name": "fiche de recherche"},
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(
                condition=models.Q(("state__in", ("open", "confirmed", "guaranteed", "full"))),
                fields=["course", "starts_on"],
                include=("id", "ends_on", "city", "state"),
                name="session_on_sale",
            ),
        ),
        migrations.RunSQL(FUNCTIONS, BACKWARD),
    ]
