"""Amounts as people type them."""

from __future__ import annotations

from typing import Any

from django import forms


class AmountField(forms.DecimalField):
    """An amount as people write it: "1 250,50", with whatever spaces, and the euro sign."""

    widget = forms.TextInput

    def __init__(self, **options: Any) -> None:
        super().__init__(localize=True, **options)

    def to_python(self, value: Any) -> Any:
        return super().to_python("".join(str(value or "").replace("€", "").split()))
