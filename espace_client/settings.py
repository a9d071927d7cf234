"""The one settings file. Every variable is typed; what is missing or malformed stops the start, all reasons at once.

`ESPACE_ENV` is `production` as soon as DATABASE_URL is given, else `local`: a checkout that runs for itself, on its
own private PostgreSQL, reachable from this machine only. Tests set `test`. docs/operations.md lists the variables.
"""

import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
from csp.constants import NONE, SELF
from environs import Env, validate

from . import local_database, variables

django_stubs_ext.monkeypatch()  # so that `ModelAdmin[Order]` and `ModelForm[Order]` mean at run time what mypy reads

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = BASE_DIR / ".data"

env = Env(eager=False)
variables.teach(env)

ESPACE_ENV: str = env.str("ESPACE_ENV", "", validate=validate.OneOf(["", "local", "production", "test"]))
DATABASE_URL: str = env.str("DATABASE_URL", "", validate=variables.database) or ""
ESPACE_ENV = ESPACE_ENV or ("production" if os.environ.get("DATABASE_URL") else "local")
PRODUCTION = ESPACE_ENV == "production"

DEBUG = False
DEMO: bool = env.bool("ESPACE_DEMO", False, validate=variables.outside(PRODUCTION))


def _local_secret_key() -> str:
    """A checkout's own key, made once and kept out of the repository (`.data/secret-key`, mode 600)."""
    path = DATA_DIR / "secret-key"
    if not path.exists():
        DATA_DIR.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


if PRODUCTION:
    SECRET_KEY: str = env.str("SECRET_KEY", validate=validate.Length(min=50))
    ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", validate=variables.named)
    DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", validate=variables.sender)
    EMAIL_URL: Any = env.required_mail_url("EMAIL_URL")
else:
    SECRET_KEY = env.str("SECRET_KEY", "") or _local_secret_key()
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]", "testserver"])
    DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Espace client <ne-pas-repondre@espace-client.example>")
    EMAIL_URL = env.mail_url("EMAIL_URL", "")
# Where the portal is, for the links in mails: workers have no request that would tell it.
_LOCAL_URL = f"http://127.0.0.1:{env.int('PORT', 8000)}"
_OWN_URL = f"https://{ALLOWED_HOSTS[0]}" if PRODUCTION and ALLOWED_HOSTS else _LOCAL_URL
SITE_URL: str = (env.str("SITE_URL", "", validate=variables.site) or _OWN_URL).rstrip("/")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])

# --- What the portal is made of -----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "accounts",
    "catalogue",
    "enrolments",
    "documents",
    "espace_client",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "guardian",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "espace_client.middleware.CompressPages",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.visits.Visits",
    "accounts.choice.ChosenEstablishments",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "espace_client.urls"
WSGI_APPLICATION = "espace_client.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "espace_client.context.frame",
            ],
        },
    }
]

# --- Database and cache -------------------------------------------------------------------------------------------


def _database() -> Any:
    """What DATABASE_URL says or, outside production, the private server; nothing when it is blank or wrong."""
    if DATABASE_URL:
        return env.dj_db_url("DATABASE_URL")
    if PRODUCTION:
        return env.str("DATABASE_URL", validate=[variables.required, variables.database]) and {}
    return dj_database_url.parse(local_database.url())


DATABASES: dict[str, Any] = {"default": _database()}
POOL_SIZE: int = env.int("DATABASE_POOL_SIZE", 8, validate=validate.Range(min=1))
if DATABASES["default"]:
    DATABASES["default"]["OPTIONS"] = {
        # Short queries, on disks without a head: an index costs little, and compiling a query or sharing it out costs
        # more than running it.
        # Trigrams: "pyhton" is 0.27 like "python"; titles that share a good third of a word are worth showing.
        "options": "-c random_page_cost=1.1 -c jit=off -c max_parallel_workers_per_gather=0"
        " -c pg_trgm.similarity_threshold=0.25 -c pg_trgm.word_similarity_threshold=0.35"
        # What accounts.statements sends is written for its indexes: planning it took longer than running it.
        " -c plan_cache_mode=force_generic_plan",
        **DATABASES["default"].get("OPTIONS", {}),
        "prepare_threshold": 5,  # for accounts.statements: after five times PostgreSQL keeps the plan
        "pool": {"min_size": 1, "max_size": POOL_SIZE, "timeout": 10},
    }
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # the pool looks whether PostgreSQL ended a connection meanwhile
    if ESPACE_ENV == "test":  # a race needs more connections than a pool gives, and no connection may outlive a test
        del DATABASES["default"]["OPTIONS"]["pool"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL: str = env.str("REDIS_URL", "", validate=variables.redis)
# Shared by all processes, because the rate limits count in it: a cache per process would multiply every limit.
CACHES: dict[str, Any] = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "espace_client_cache"}
    )
}

# --- Accounts -----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_FORMS = {
    "signup": "accounts.forms.SignupForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Espace client"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
TRUSTED_PROXY_COUNT: int = env.int("TRUSTED_PROXY_COUNT", 0, validate=validate.Range(min=0))
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
# guardian's backend would answer has_perm from its rows alone; here a row without an access in force opens nothing.
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]

# --- Files --------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
DOCUMENTS_ROOT: Path = env.path("DOCUMENTS_ROOT", DATA_DIR / "documents")
DOCUMENTS_S3_BUCKET: str = env.str("DOCUMENTS_S3_BUCKET", "")
_DOCUMENTS_LOCAL = {
    "BACKEND": "documents.storage.PrivateFileSystemStorage",
    "OPTIONS": {"location": DOCUMENTS_ROOT, "file_permissions_mode": 0o640, "directory_permissions_mode": 0o750},
}
_DOCUMENTS_S3 = {
    "BACKEND": "documents.s3.PrivateS3Storage",
    "OPTIONS": {
        "bucket_name": DOCUMENTS_S3_BUCKET,
        "endpoint_url": env.str("DOCUMENTS_S3_ENDPOINT", "") or None,
        "region_name": env.str("DOCUMENTS_S3_REGION", "") or None,
        "default_acl": "private",
        "querystring_auth": True,
        "file_overwrite": False,
    },
}
STORAGES: dict[str, Any] = {
    "default": _DOCUMENTS_LOCAL,
    "documents": _DOCUMENTS_S3 if DOCUMENTS_S3_BUCKET else _DOCUMENTS_LOCAL,
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if ESPACE_ENV == "test"
            else "espace_client.static_storage.BundlingStaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = ESPACE_ENV == "test"  # no collectstatic before a test
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "espace_client.uploads.RoomyUploadHandler",
]
# Where clamd listens: the path of its socket, or host:port. Empty: what clients hand in is inspected but not scanned.
MALWARE_SCANNER: str = env.str("MALWARE_SCANNER", "", validate=variables.scanner)

# --- Mails --------------------------------------------------------------------------------------------------------

if EMAIL_URL and "EMAIL_BACKEND" in EMAIL_URL:
    DELIVERY_BACKEND = EMAIL_URL["EMAIL_BACKEND"]
    EMAIL_HOST, EMAIL_PORT = EMAIL_URL["EMAIL_HOST"], EMAIL_URL["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL_URL["EMAIL_HOST_USER"], EMAIL_URL["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL_URL["EMAIL_USE_TLS"], EMAIL_URL["EMAIL_USE_SSL"]
    EMAIL_TIMEOUT = EMAIL_URL["EMAIL_TIMEOUT"] or 15
else:  # nothing leaves a checkout: mails are kept as files, and the demo shows them
    DELIVERY_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_BACKEND = "espace_client.outbox.Backend"  # which hands them to DELIVERY_BACKEND, from a worker
EMAIL_FILE_PATH = DATA_DIR / "mails"

# --- Background tasks ---------------------------------------------------------------------------------------------

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
# What workers do by themselves: the path of a task without arguments, and how often.
CHORES: dict[str, timedelta] = {
    "enrolments.accord_reminders.announce_ending_accords": timedelta(days=1),
    "espace_client.retention.purge_old_lines": timedelta(days=1),
    "enrolments.drafts.forget_drafts": timedelta(days=1),
    "enrolments.waiting.move_waiting_lists": timedelta(minutes=5),
    "documents.archives.choosing.forget_old_archives": timedelta(days=1),
    "documents.evaluations.chores.invite_after_sessions": timedelta(hours=6),
    "documents.evaluations.chores.remind_participants": timedelta(hours=6),
    "accounts.reminders.remind_reviews": timedelta(days=1),
    "catalogue.words.refresh_words": timedelta(minutes=10),
    "documents.issuing.tasks.check_stored_files": timedelta(days=1),
}
# How long the journals of accesses and of downloads are kept; the database keeps thirty days whatever this says.
JOURNAL_DAYS: int = env.int("JOURNAL_DAYS", 365, validate=validate.Range(min=31))

# --- Security -----------------------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = PRODUCTION and env.bool("SECURE_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^sante/$"]  # a load balancer asks in plain HTTP, and says nothing that is secret
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"  # a document and a demonstration mail say SAMEORIGIN for themselves
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "frame-src": [SELF],
        "object-src": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# --- Language, time, log ------------------------------------------------------------------------------------------

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO", validate=variables.LEVELS)},
    "loggers": {name: {"level": "WARNING"} for name in ("pikepdf", "weasyprint", "fontTools")},
}

# --- The provider, printed on pages and papers --------------------------------------------------------------------

PROVIDER = {
    "name": env.str("PROVIDER_NAME", "ib Cegos"),
    "phone": env.str("PROVIDER_PHONE", "01 40 00 00 00"),
    "email": env.str("PROVIDER_EMAIL", "espace-client@ib-cegos.example"),
    "address": env.str("PROVIDER_ADDRESS", "19 rue René-Jacques, 92130 Issy-les-Moulineaux"),
    # Without these two no document can be issued (Code de commerce R123-237, Code du travail R6351-6).
    "siret": env.required_siret("PROVIDER_SIRET") if PRODUCTION else env.siret("PROVIDER_SIRET", ""),
    "nda": env.required_nda("PROVIDER_NDA") if PRODUCTION else env.nda("PROVIDER_NDA", ""),
    "legal": env.str("PROVIDER_LEGAL", ""),
    "iban": env.iban("PROVIDER_IBAN", ""),
    "url": env.str("PROVIDER_URL", ""),
    # The plateforme agréée through which invoices legally travel; printed on their copies when it is given.
    "platform": env.str("PROVIDER_PLATFORM", ""),
}

# A provider without numbers cannot issue; these are invented, valid in form, and used by a demonstration only.
DEMO_PROVIDER = {
    "siret": "90184726900015",
    "nda": "11922345692",
    "legal": "SAS au capital de 500 000 € · RCS Nanterre 901 847 269",
    "iban": "FR7630001007941234567890185",
    "platform": "Plateforme agréée de démonstration",
}
if DEMO:
    PROVIDER = {**DEMO_PROVIDER, **{key: value for key, value in PROVIDER.items() if value}}

env.seal()
