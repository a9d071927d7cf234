"""Sentences that the law wants, word for word the same on paper and in the XML of an invoice."""

# Code de commerce L441-9 I and L441-10 II: the rate of late penalties, due without a reminder.
LATE_PENALTIES = (
    "Tout retard de paiement rend exigibles, sans rappel, des pénalités au taux de trois fois le taux de l’intérêt "
    "légal (Code de commerce, article L441-10)."
)
# Code de commerce L441-10 II and D441-5: the flat sum for the costs of recovery.
FLAT_INDEMNITY = (
    "Tout retard de paiement rend exigible une indemnité forfaitaire de 40 € pour frais de recouvrement "
    "(Code de commerce, article D441-5)."
)
# Code de commerce L441-9 I: the conditions of discount for early payment, even when there is none.
NO_DISCOUNT = "Pas d’escompte pour paiement anticipé."
# CGI annexe II art. 242 nonies A I-12°: the provision that exempts.
EXEMPTION = "Formation professionnelle exonérée de TVA : article 261-4-4° a du CGI."
