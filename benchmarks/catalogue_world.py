"""The catalogue that its pages are measured on: 5,000 courses and 50,000 sessions, in words that people search for."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import product
from random import Random

from django.db import connection
from django.utils import timezone

from catalogue.models import Course, CourseMode, Domain, Session, SessionState
from catalogue.words import update_words

COURSES, SESSIONS = 5_000, 50_000
DOMAINS = {
    "Développement": ("Python", "Java", "JavaScript", "C#", "Tests logiciels"),
    "Systèmes et réseaux": ("Linux", "Windows Server", "Réseaux", "Virtualisation", "Supervision"),
    "Cloud et DevOps": ("Kubernetes", "Docker", "AWS", "Azure", "Automatisation"),
    "Cybersécurité": ("Sécurité offensive", "Sécurité défensive", "Gouvernance", "Cryptographie", "Sensibilisation"),
    "Données": ("PostgreSQL", "SQL Server", "Power BI", "Apprentissage automatique", "Entrepôts de données"),
    "Bureautique": ("Excel", "Word", "PowerPoint", "Messagerie", "Collaboration"),
    "Pilotage": ("Gestion de projet", "Agilité", "ITIL", "Management", "Qualité"),
    "Design": ("Ergonomie", "Accessibilité", "Montage vidéo", "Illustration", "Impression"),
}
ANGLES = (
    "les bases", "perfectionnement", "administration", "concevoir une architecture", "préparer la certification",
    "mettre en production", "dépanner", "optimiser les performances", "sécuriser", "automatiser", "migrer",
    "superviser", "l’essentiel pour décider", "atelier pratique", "maîtrise avancée", "intégrer",
)  # fmt: skip
VERBS = ("Comprendre", "Installer", "Configurer", "Développer", "Tester", "Déployer", "Mesurer", "Documenter", "Animer")
THINGS = (
    "une application", "les droits des utilisateurs", "un réseau d’entreprise", "les données sensibles", "une équipe",
    "un projet agile", "des tableaux de bord", "la sauvegarde", "un service en ligne", "les journaux", "une interface",
    "la reprise d’activité", "des scripts", "les coûts", "un plan de tests", "les échanges avec les métiers",
)  # fmt: skip
CITIES = ("Paris", "Lyon", "Lille", "Nantes", "Toulouse", "Bordeaux", "Strasbourg", "Rennes", "Aix-en-Provence", "")
PAST_DAYS, COMING_DAYS = 730, 365


def fill_catalogue(courses: int = COURSES, sessions: int = SESSIONS) -> None:
    """Fill the database in use, beside what other pages are measured on; the same words each time."""
    with connection.cursor() as cursor:  # those that were loaded without triggers
        cursor.execute("SELECT count(catalogue_index_course(id)) FROM catalogue_course")
    rng = Random(20261)  # noqa: S311 - reproducible on purpose, nothing secret
    made = Course.objects.bulk_create(_courses(rng, _domains(), courses), batch_size=1000)
    Session.objects.bulk_create(_sessions(rng, made, sessions), batch_size=5000)
    update_words()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def _domains() -> list[tuple[Domain, str]]:
    """The sub-domains, each with its subject."""
    found = []
    for rank, (label, subjects) in enumerate(DOMAINS.items(), 1):
        parent = Domain.objects.create(code=f"CAT{rank}", label=label)
        for position, subject in enumerate(subjects, 1):
            found.append((Domain.objects.create(code=f"CAT{rank}-{position}", label=subject, parent=parent), subject))
    return found


def _courses(rng: Random, domains: list[tuple[Domain, str]], count: int) -> list[Course]:
    kinds = list(product(domains, ANGLES))
    courses = []
    for rank in range(count):
        (domain, subject), angle = kinds[rank % len(kinds)]
        days = rng.randint(1, 5)
        courses.append(
            Course(
                reference=f"BEN-{rank:04d}",
                title=f"{subject}, {angle}" + (f", niveau {rank // len(kinds) + 1}" if rank >= len(kinds) else ""),
                domain=domain,
                days=Decimal(days),
                hours=Decimal(days * 7),
                mode=rng.choice(CourseMode.values),
                public_price=Decimal(rng.randint(30, 350) * 10),
                objectives="\n".join(_lines(rng, 4)),
                programme="\n".join(_lines(rng, 14)),
                prerequisites="Connaître les bases du sujet.",
                audience="Techniciens, développeurs et chefs de projet.",
                certification=f"RS{5000 + rank}" if rank % 4 == 0 else "",
            )
        )
    return courses


def _lines(rng: Random, count: int) -> list[str]:
    return [f"{rng.choice(VERBS)} {rng.choice(THINGS)} avec {rng.choice(THINGS)}." for _line in range(count)]


def _sessions(rng: Random, courses: list[Course], count: int) -> list[Session]:
    today, sessions = timezone.localdate(), []
    for rank in range(count):
        course = courses[rank % len(courses)]
        starts_on = today + timedelta(days=rng.randint(-PAST_DAYS, COMING_DAYS))
        past = starts_on < today
        coming = (SessionState.OPEN, SessionState.OPEN, SessionState.CONFIRMED, SessionState.GUARANTEED)
        sessions.append(
            Session(
                code=f"BEN-{rank:06d}",
                course=course,
                starts_on=starts_on,
                ends_on=starts_on + timedelta(days=int(course.days) - 1),
                city=rng.choice(CITIES),
                seats=12,
                minimum=3,
                state=SessionState.DONE if past else rng.choice(coming),
            )
        )
    return sessions
