"""Addresses of the lists of orders, enrolments and participants."""

from django.urls import path

from enrolments import views

urlpatterns = [
    path("inscriptions/", views.enrolment_list, name="enrolment_list"),
    path("inscriptions/suggestions/", views.filter_suggestions, name="filter_suggestions"),
    path("commandes/", views.order_list, name="order_list"),
    path("collaborateurs/", views.participant_list, name="participant_list"),
]
