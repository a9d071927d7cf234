"""The site map, in French. Public pages are few, and marked so in their views."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from espace_client.views import (
    account,
    dashboard,
    demo_mailbox,
    email_change,
    journal,
    order,
    pages,
    participant,
    search,
)

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.home, name="home"),
    path("aide/", pages.help_page, name="help"),
    path("mentions-legales/", pages.legal, name="legal"),
    path("accessibilite/", pages.accessibility, name="accessibility"),
    path("sante/", pages.health, name="health"),
    path("", include("accounts.urls")),
    path("compte/adresse/", email_change.email_change, name="account_email"),
    path("compte/mes-donnees/", account.account_data, name="account_data"),
    path("compte/fermer/", account.account_close, name="account_close"),
    path("tableau-de-bord/", dashboard.dashboard, name="dashboard"),
    path("recherche/", search.search, name="search"),
    path("", include("enrolments.urls")),
    path("commandes/<int:pk>/", order.order_detail, name="order_detail"),
    path("collaborateurs/<int:pk>/", participant.participant_detail, name="participant_detail"),
    path("", include("documents.urls")),
    path("journal/", journal.journal, name="journal"),
    path("journal/export/", journal.journal_export, name="journal_export"),
    path("journal/documents/", journal.journal_documents, name="journal_documents"),
    path("journal/documents/export/", journal.journal_documents_export, name="journal_documents_export"),
    path("gestion/", admin.site.urls),
]

if settings.DEMO:
    urlpatterns += [
        path("demo/mails/", demo_mailbox.demo_mailbox, name="demo_mailbox"),
        path("demo/mails/<slug:key>/", demo_mailbox.demo_mail, name="demo_mail"),
        path("demo/mails/<slug:key>/html/", demo_mailbox.demo_mail_html, name="demo_mail_html"),
    ]
