"""Addresses of the document library."""

from django.urls import path

from documents import verification, views
from documents.archives import views as archives
from documents.board import views as board
from documents.deposits import views as deposits
from documents.evaluations import views as evaluations
from documents.signing import views as signing

urlpatterns = [
    path("documents/", views.document_list, name="document_list"),
    path("documents/<int:pk>/telecharger/", views.document_download, name="document_download"),
    path("documents/<int:pk>/apercu/", views.document_view, name="document_view"),
    path("documents/<int:pk>/", views.document_detail, name="document_detail"),
    path("verification/<slug:code>/", verification.verification, name="verification"),
    path("documents/vus/", views.documents_seen, name="documents_seen"),
    path("documents/archive/", archives.archive_create, name="archive_create"),
    path("documents/archives/", archives.archive_list, name="archive_list"),
    path("documents/archives/<int:pk>/", archives.archive_detail, name="archive_detail"),
    path("documents/archives/<int:pk>/telecharger/", archives.archive_download, name="archive_download"),
    path("commandes/<int:pk>/dossier-opco/", archives.opco_archive, name="opco_archive"),
    path("commandes/<int:pk>/deposer/", deposits.deposit_create, name="deposit_create"),
    path("documents/<int:pk>/signer/", signing.document_sign, name="document_sign"),
    path("documents/manquants/", board.missing_papers, name="missing_papers"),
    path("documents/evaluations/", evaluations.evaluation_results, name="evaluation_results"),
    path("evaluation/<str:token>/", evaluations.evaluation_answer, name="evaluation_answer"),
]
