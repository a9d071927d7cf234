"""The participant's form. Kept half-filled as it is typed; whole when it is submitted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.evaluations.questions import LEVELS, LONGEST_COMMENT, QUESTIONS, SCORES

REQUIRED = _("Choisissez une réponse.")


class EvaluationForm(forms.Form):
    """One radio group per question and per objective, and a few words. `kept`: the answers so far."""

    def __init__(self, objectives: list[str], kept: dict[str, Any], data: Any = None) -> None:
        super().__init__(data, initial=_initial(objectives, kept))
        self.objectives = objectives
        for key, label in QUESTIONS.items():
            self.fields[f"note_{key}"] = forms.TypedChoiceField(
                label=label,
                choices=list(SCORES.items()),
                coerce=int,
                widget=forms.RadioSelect,
                error_messages={"required": REQUIRED},
            )
        for rank, objective in enumerate(objectives):
            self.fields[f"objectif_{rank}"] = forms.ChoiceField(
                label=objective.rstrip(" ."),
                choices=list(LEVELS.items()),
                widget=forms.RadioSelect,
                error_messages={"required": REQUIRED},
            )
        self.fields["comment"] = forms.CharField(
            label=_("En quelques mots"),
            required=False,
            max_length=LONGEST_COMMENT,
            widget=forms.Textarea(attrs={"rows": 4, "maxlength": LONGEST_COMMENT}),
            help_text=_("Ce qui vous a plu, ce qui a manqué."),
        )

    @property
    def satisfaction(self) -> list[forms.BoundField]:
        return [self[f"note_{key}"] for key in QUESTIONS]

    @property
    def learning(self) -> list[forms.BoundField]:
        return [self[f"objectif_{rank}"] for rank in range(len(self.objectives))]

    def answers(self) -> dict[str, Any]:
        """What was answered rightly so far, as it is kept; all of it when the form is valid."""
        self.is_valid()
        said = self.cleaned_data
        notes = {key: said.get(f"note_{key}") for key in QUESTIONS}
        levels = {text: said.get(f"objectif_{rank}") for rank, text in enumerate(self.objectives)}
        return {
            "ratings": {key: score for key, score in notes.items() if score},
            "objectives": [[text, level] for text, level in levels.items() if level],  # pairs: JSON keeps no order
            "comment": said.get("comment", ""),
        }


def _initial(objectives: list[str], kept: dict[str, Any]) -> dict[str, Any]:
    notes, levels = kept.get("ratings", {}), dict(kept.get("objectives", []))
    return {
        **{f"note_{key}": score for key, score in notes.items()},
        **{f"objectif_{rank}": levels[text] for rank, text in enumerate(objectives) if text in levels},
        "comment": kept.get("comment", ""),
    }
