"""In French zero is singular, in our own texts too, which no catalogue holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.template import Context, Template
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext, ngettext_lazy, npgettext

from tests.conftest import ClientFor
from tests.worlds import World


@pytest.mark.parametrize(("count", "said"), [(0, "0 document"), (1, "1 document"), (2, "2 documents")])
def test_zero_is_singular(count: int, said: str) -> None:
    assert ngettext("%d document", "%d documents", count) % count == said
    assert npgettext("un contexte", "%d document", "%d documents", count) % count == said
    assert ngettext_lazy("%d document", "%d documents") % count == said
    both = "{{ n }} document{% plural %}{{ n }} documents"
    template = Template("{% load i18n %}{% blocktranslate count n=count %}" + both + "{% endblocktranslate %}")
    assert template.render(Context({"count": count})) == said


def test_what_django_and_allauth_say_stays_french() -> None:
    assert gettext("This field is required.") == "Ce champ est obligatoire."
    assert gettext("un texte que personne ne traduit") == "un texte que personne ne traduit"
    assert "il y a" in naturaltime(timezone.now() - timedelta(hours=3))


def test_a_list_without_a_row_says_zero_in_the_singular(world: World, client_for: ClientFor) -> None:
    page = client_for(world.personas["ex_member"]).get(reverse("document_list"))
    assert page.context["count"] == "0 document"
