"""Days that somebody may mean, whether they are typed or come from the ERP."""

from datetime import date, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Dates outside are typing errors, or a "for ever" (31/12/9999) that the portal would show as a date.
FIRST_YEAR, LAST_YEAR = 1970, 2100


def meant_day(value: date) -> None:
    """ValidationError for a day of a year that nobody means."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        bounds = {"first": FIRST_YEAR, "last": LAST_YEAR}
        raise ValidationError(_("L’année doit être entre %(first)s et %(last)s."), params=bounds)


def take_meant_days(form: forms.BaseForm) -> None:
    """Have the form refuse, at their fields, the days that nobody means; what it only shows stays as it is."""
    for field in form.fields.values():
        if isinstance(field, forms.DateField) and not field.disabled:
            field.validators.append(meant_day)


def day_after(value: date) -> date:
    """The next day; the last day that dates can say (31/12/9999) has none, and is its own."""
    return value if value == date.max else value + timedelta(days=1)
