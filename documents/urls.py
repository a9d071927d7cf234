"""Addresses of the document library."""

from django.urls import path

from documents import verification, views

urlpatterns = [
    path("verification/<slug:code>/", verification.verification, name="verification"),
    path("documents/", views.document_list, name="document_list"),
    path("documents/<int:pk>/", views.document_detail, name="document_detail"),
    path("documents/<int:pk>/apercu/", views.document_view, name="document_view"),
    path("documents/<int:pk>/telecharger/", views.document_download, name="document_download"),
]
