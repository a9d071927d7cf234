"""The site map, in French. Public pages are few, and marked so in their views."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from espace_client.views import (
    access_review,
    accesses,
    accord,
    account,
    approval,
    catalogue,
    course,
    dashboard,
    demo_mailbox,
    document_sharing,
    email_change,
    enrol,
    invitations,
    invited,
    journal,
    order,
    pages,
    participant,
    search,
    seo,
)

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns: list[URLPattern | URLResolver] = [  # those that are asked most come first: they are tried in this order
    path("", include("documents.urls")),
    path("", include("enrolments.urls")),
    path("tableau-de-bord/", dashboard.dashboard, name="dashboard"),
    path("catalogue/", catalogue.catalogue, name="catalogue"),
    path("", pages.home, name="home"),
    path("aide/", pages.help_page, name="help"),
    path("mentions-legales/", pages.legal, name="legal"),
    path("accessibilite/", pages.accessibility, name="accessibility"),
    path("sante/", pages.health, name="health"),
    path("catalogue/<int:pk>/", course.course_detail, name="course_detail"),
    path("catalogue/<int:pk>/programme.pdf", course.course_programme, name="course_programme"),
    path("sitemap.xml", seo.sitemap, name="sitemap"),
    path("robots.txt", seo.robots, name="robots"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("", include("accounts.urls")),
    path("compte/adresse/", email_change.email_change, name="account_email"),
    path("compte/mes-donnees/", account.account_data, name="account_data"),
    path("compte/fermer/", account.account_close, name="account_close"),
    path("recherche/", search.search, name="search"),
    path("", include("espace_client.following_urls")),
    path("commandes/<int:pk>/", order.order_detail, name="order_detail"),
    path("commandes/<int:pk>/approbation/", approval.order_approval, name="order_approval"),
    path("commandes/<int:pk>/retrait/", approval.order_withdrawal, name="order_withdrawal"),
    path("approbation/", approval.approval_policies, name="approval_policies"),
    path("approbation/<int:pk>/", approval.approval_policy, name="approval_policy"),
    path("inscrire/<int:pk>/", enrol.enrol_start, name="enrol_start"),
    path("inscrire/<int:pk>/collaborateurs/", enrol.enrol_colleagues, name="enrol_colleagues"),
    path("inscrire/<int:pk>/prix/", enrol.enrol_price, name="enrol_price"),
    path("inscrire/brouillons/<uuid:token>/commande/", enrol.enrol_terms, name="enrol_terms"),
    path("inscrire/brouillons/<uuid:token>/recapitulatif/", enrol.enrol_summary, name="enrol_summary"),
    path("inscrire/brouillons/<uuid:token>/abandon/", enrol.enrol_discard, name="enrol_discard"),
    path("inscrire/brouillons/<uuid:token>/session/<int:pk>/", enrol.enrol_transfer, name="enrol_transfer"),
    path("collaborateurs/<int:pk>/", participant.participant_detail, name="participant_detail"),
    path("accord-cadre/", accord.accord_list, name="accord_list"),
    path("accord-cadre/<int:pk>/", accord.accord_detail, name="accord_detail"),
    path("journal/", journal.journal, name="journal"),
    path("journal/export/", journal.journal_export, name="journal_export"),
    path("journal/documents/", journal.journal_documents, name="journal_documents"),
    path("journal/documents/export/", journal.journal_documents_export, name="journal_documents_export"),
    path("documents/<int:pk>/partage/", document_sharing.document_sharing, name="document_sharing"),
    path("acces/", accesses.access_list, name="access_list"),
    path("acces/inviter/", invitations.access_invite, name="access_invite"),
    path("acces/revue/", access_review.access_review, name="access_review"),
    path("acces/<int:pk>/", accesses.access_change, name="access_change"),
    path("acces/<int:pk>/retirer/", accesses.access_remove, name="access_remove"),
    path("acces/invitations/<int:pk>/renvoyer/", invitations.invitation_resend, name="invitation_resend"),
    path("acces/invitations/<int:pk>/revoquer/", invitations.invitation_revoke, name="invitation_revoke"),
    path("invitation/", invited.invitation, name="invitation"),
    path("invitation/<str:token>/", invited.invitation_open, name="invitation_open"),
    path("gestion/", admin.site.urls),
]

if settings.DEMO:
    urlpatterns += [
        path("demo/mails/", demo_mailbox.demo_mailbox, name="demo_mailbox"),
        path("demo/mails/<slug:key>/", demo_mailbox.demo_mail, name="demo_mail"),
        path("demo/mails/<slug:key>/html/", demo_mailbox.demo_mail_html, name="demo_mail_html"),
        path("demo/mails/<slug:key>/pieces/<int:rank>/", demo_mailbox.demo_mail_file, name="demo_mail_file"),
    ]
