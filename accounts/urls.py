"""allauth's views under French paths, with allauth's own URL names, and the portal's account page.

The page that changes the address counts enrolments, so it is with the site's own (espace_client.urls).
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions import views as usersessions
from django.urls import path, re_path

from accounts import views

urlpatterns = [
    path("connexion/", account.login, name="account_login"),
    path("connexion/deux-facteurs/", mfa.authenticate, name="mfa_authenticate"),
    path("connexion/cle-d-acces/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("deconnexion/", account.logout, name="account_logout"),
    path("creer-un-compte/", account.signup, name="account_signup"),
    path("compte-desactive/", account.account_inactive, name="account_inactive"),
    path("confirmer-mon-identite/", account.reauthenticate, name="account_reauthenticate"),
    path("confirmer-mon-identite/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("confirmer-mon-identite/cle-d-acces/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("confirmer-mon-adresse/", account.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^confirmer-mon-adresse/(?P<key>[-:\w]+)/$", account.confirm_email, name="account_confirm_email"),
    path("mot-de-passe-oublie/", account.password_reset, name="account_reset_password"),
    path("mot-de-passe-oublie/envoye/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "mot-de-passe-oublie/change/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^mot-de-passe-oublie/lien/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("visite/quitter/", views.visit_end, name="visit_end"),
    path("etablissements-affiches/", views.establishments_shown, name="establishments_shown"),
    path("compte/", views.account_home, name="account_home"),
    path("compte/notifications/", views.account_notifications, name="account_notifications"),
    path("compte/mot-de-passe/", account.password_change, name="account_change_password"),
    path("compte/mot-de-passe/choisir/", account.password_set, name="account_set_password"),
    path("compte/appareils/", usersessions.list_usersessions, name="usersessions_list"),
    path("compte/securite/", mfa.index, name="mfa_index"),
    path("compte/securite/application/activer/", totp.activate_totp, name="mfa_activate_totp"),
    path("compte/securite/application/desactiver/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("compte/securite/codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("compte/securite/codes/nouveaux/", recovery_codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path(
        "compte/securite/codes/telecharger/", recovery_codes.download_recovery_codes, name="mfa_download_recovery_codes"
    ),
    path("compte/securite/cles/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("compte/securite/cles/ajouter/", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path("compte/securite/cles/<int:pk>/renommer/", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    path("compte/securite/cles/<int:pk>/supprimer/", webauthn.remove_webauthn, name="mfa_remove_webauthn"),
]
