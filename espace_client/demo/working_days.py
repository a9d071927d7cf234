"""When a session can take place: on working days of one week, outside public holidays and the two closed periods."""

from datetime import date, timedelta
from functools import cache
from random import Random

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous computus)."""
    century, rest = divmod(year, 100)
    epact = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    correction = (year % 19 + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * correction + 114, 31)
    return date(year, month, day + 1)


@cache
def holidays(year: int) -> frozenset[date]:
    """The French public holidays (Code du travail L3133-1)."""
    fixed = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
    moving = {easter(year) + offset * DAY for offset in (1, 39, 50)}  # Monday, Ascension, Whit Monday
    return frozenset({date(year, month, day) for month, day in fixed} | moving)


def is_office_day(day: date) -> bool:
    """Whether the offices, which send papers, work that day."""
    return day.weekday() < 5 and day not in holidays(day.year)


def is_open(day: date) -> bool:
    """Whether a training centre works that day: two weeks of August and the turn of the year are closed."""
    closed = (day.month == 8 and day.day <= 15) or (day.month == 12 and day.day >= 24) or (day.month, day.day) == (1, 2)
    return not closed and is_office_day(day)


def session_start(rng: Random, around: date, days: int) -> date:
    """The first day of a session of `days` (at most 5) in the week of `around`, or in the next one that has room."""
    monday = around - around.weekday() * DAY
    while True:
        starts = [monday + shift * DAY for shift in range(6 - days)]
        possible = [start for start in starts if all(is_open(start + rank * DAY) for rank in range(days))]
        if possible:
            return rng.choice(possible)
        monday += WEEK


def last_office_day(day: date) -> date:
    """`day`, or the last day before it on which people work."""
    while not is_office_day(day):
        day -= DAY
    return day


def next_office_day(day: date) -> date:
    """`day`, or the first day after it on which a paper can leave."""
    while not is_office_day(day):
        day += DAY
    return day
