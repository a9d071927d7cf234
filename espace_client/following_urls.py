"""Addresses of what follows and changes enrolments, waits for seats, and shows colleagues, calendars and budget."""

from django.urls import path

from espace_client.views import budget, calendars, changes, colleagues, enrolment, exports, proposals, waiting

urlpatterns = [
    path("inscriptions/export.csv", exports.enrolment_export, {"kind": "csv"}, name="enrolment_export_csv"),
    path("inscriptions/export.xlsx", exports.enrolment_export, {"kind": "xlsx"}, name="enrolment_export_xlsx"),
    path("commandes/export.csv", exports.order_export, {"kind": "csv"}, name="order_export_csv"),
    path("commandes/export.xlsx", exports.order_export, {"kind": "xlsx"}, name="order_export_xlsx"),
    path("inscriptions/<int:pk>/", enrolment.enrolment_detail, name="enrolment_detail"),
    path("inscriptions/<int:pk>/remplacer/", changes.enrolment_substitute, name="enrolment_substitute"),
    path("inscriptions/<int:pk>/deplacer/", changes.enrolment_move, name="enrolment_move"),
    path("inscriptions/<int:pk>/annuler/", changes.enrolment_cancel, name="enrolment_cancel"),
    path("collaborateurs/etat-des-lieux/", colleagues.stocktaking, name="stocktaking"),
    path("collaborateurs/<int:pk>/corriger/", colleagues.participant_correct, name="participant_correct"),
    path("collaborateurs/<int:pk>/fusionner/", colleagues.participant_merge, name="participant_merge"),
    path("collaborateurs/<int:pk>/effacement/", colleagues.participant_erase, name="participant_erase"),
    path("collaborateurs/fusions/<int:pk>/defaire/", colleagues.participant_unmerge, name="participant_unmerge"),
    path("budget/", budget.budget, name="budget"),
    path("propositions/<int:pk>/", proposals.proposal_detail, name="proposal_detail"),
    path("liste-d-attente/", waiting.waiting_list, name="waiting_list"),
    path("liste-d-attente/<int:pk>/", waiting.waiting_detail, name="waiting_detail"),
    path("sessions/<int:pk>/liste-d-attente/", waiting.waiting_join, name="waiting_join"),
    path("agenda/", calendars.calendar_settings, name="calendar_settings"),
    path("agenda/<slug:secret>/formations.ics", calendars.calendar_feed, name="calendar_feed"),
    path("sessions/<int:pk>/agenda.ics", calendars.session_calendar, name="session_calendar"),
]
