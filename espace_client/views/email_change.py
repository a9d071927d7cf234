"""Changing one's login address: allauth's page, with what rule 3 wants said before asking."""

from typing import Any

from allauth.account.views import EmailView

from accounts.choice import whole_right
from accounts.requests import person
from enrolments.models import Enrolment


class EmailChangeView(EmailView):
    """Says how many enrolments leave the person's sight: those of the address, but for their establishments'."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rights = person(self.request).rights
        leaving = Enrolment.objects.visible_to(person(self.request)).filter(order_email=rights.email)
        count = leaving.exclude(establishment_id__in=rights.establishments).count() if rights.email else 0
        context = super().get_context_data(**kwargs)  # type: ignore[no-untyped-call]  # allauth leaves it untyped
        return {**context, "leaving_count": count}


email_change = whole_right(EmailChangeView.as_view())
