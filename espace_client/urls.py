"""The site map, in French. Public pages are few, and marked so in their views."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from espace_client.views import accord, dashboard, demo_mailbox, email_change, order, pages, participant, search

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.home, name="home"),
    path("aide/", pages.help_page, name="help"),
    path("mentions-legales/", pages.legal, name="legal"),
    path("accessibilite/", pages.accessibility, name="accessibility"),
    path("sante/", pages.health, name="health"),
    path("", include("accounts.urls")),
    path("compte/adresse/", email_change.email_change, name="account_email"),
    path("tableau-de-bord/", dashboard.dashboard, name="dashboard"),
    path("recherche/", search.search, name="search"),
    path("", include("enrolments.urls")),
    path("commandes/<int:pk>/", order.order_detail, name="order_detail"),
    path("collaborateurs/<int:pk>/", participant.participant_detail, name="participant_detail"),
    path("accord-cadre/", accord.accord_list, name="accord_list"),
    path("accord-cadre/<int:pk>/", accord.accord_detail, name="accord_detail"),
    path("", include("documents.urls")),
    path("gestion/", admin.site.urls),
]

if settings.DEMO:
    urlpatterns += [
        path("demo/mails/", demo_mailbox.demo_mailbox, name="demo_mailbox"),
        path("demo/mails/<slug:key>/", demo_mailbox.demo_mail, name="demo_mail"),
        path("demo/mails/<slug:key>/html/", demo_mailbox.demo_mail_html, name="demo_mail_html"),
    ]
