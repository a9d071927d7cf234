"""Geometry of the bar charts that the server draws: percentages of the plot, so that no style or script is needed."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

Amount = Decimal | int | float | None
Row = tuple[str, Amount, Amount]  # label, this year, last year

PLOT_TOP, PLOT_BOTTOM = 4.0, 100.0  # per cent of the height of the drawing; the top keeps room for the highest label


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle, in per cent."""

    CHOICES: ClassVar = ("x", "width")  # the same in all charts of as many months

    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Group:
    """A month: its two bars (None when there is nothing to draw) and the figures they stand for."""

    CHOICES: ClassVar = ("label", "letter", "centre", "x", "width")

    label: str
    letter: str
    centre: str
    x: str
    width: str
    now: Decimal | None
    before: Decimal | None
    now_bar: Bar | None
    before_bar: Bar | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A horizontal line of the grid."""

    value: Decimal
    y: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """All that `components/bar_chart.html` draws and says."""

    groups: list[Group]
    ticks: list[Tick]
    now_total: Decimal
    before_total: Decimal

    @property
    def empty(self) -> bool:
        """Whether every figure is nought or unknown."""
        return not any(group.now or group.before for group in self.groups)


def _decimal(value: Amount) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _percent(value: float) -> str:
    return f"{value:.2f}%"


def nice_step(highest: Decimal, lines: int = 3) -> Decimal:
    """The round number (1, 2, 2.5 or 5 times a power of ten) that covers `highest` in `lines` steps."""
    if highest <= 0:
        return Decimal(1)
    raw = highest / lines
    power = Decimal(1).scaleb(raw.adjusted())
    return next(
        m * power for m in (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10)) if m * power >= raw
    )


def _y(value: Decimal, top: Decimal) -> float:
    return PLOT_BOTTOM - float(value / top) * (PLOT_BOTTOM - PLOT_TOP)


def _bar(value: Decimal | None, top: Decimal, x: float, width: float) -> Bar | None:
    if not value or value < 0:
        return None
    y = _y(value, top)
    return Bar(_percent(x), _percent(y), _percent(width), _percent(PLOT_BOTTOM - y))


def bar_chart(rows: Iterable[Row]) -> BarChart:
    """The chart of `(label, this year, last year)` rows; a None is a month that has not come."""
    figures = [(label, _decimal(now), _decimal(before)) for label, now, before in rows]
    highest = max((value for _, *pair in figures for value in pair if value), default=Decimal(0))
    step = nice_step(highest)
    count = 1
    while step * count < highest:
        count += 1
    top = step * count
    slot = 100 / max(len(figures), 1)
    groups = [
        Group(
            label=label,
            letter=label[:1].upper(),
            centre=_percent((index + 0.5) * slot),
            x=_percent(index * slot),
            width=_percent(slot),
            now=now,
            before=before,
            before_bar=_bar(before, top, (index + 0.17) * slot, 0.31 * slot),
            now_bar=_bar(now, top, (index + 0.52) * slot, 0.31 * slot),
        )
        for index, (label, now, before) in enumerate(figures)
    ]
    return BarChart(
        groups=groups,
        ticks=[Tick(step * n, _percent(_y(step * n, top))) for n in range(count + 1)],
        now_total=sum((now or Decimal(0) for _, now, _ in figures), Decimal(0)),
        before_total=sum((before or Decimal(0) for _, _, before in figures), Decimal(0)),
    )
