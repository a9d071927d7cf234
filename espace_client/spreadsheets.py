"""Tables as files: CSV that is sent while it is read, and XLSX. No cell is ever a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO

from django.http import HttpResponse, StreamingHttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

Value = str | int | Decimal | date | None
FORMULA = ("=", "+", "-", "@", "\t", "\r")
BOM = "\ufeff"  # without it Excel takes UTF-8 for Latin
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def as_text(value: Value) -> str:
    """A cell of a French CSV: decimal commas, dates as 2026-11-23; an apostrophe stops formulas."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return value.isoformat() if isinstance(value, date) else str(value)


def csv_answer(name: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> StreamingHttpResponse:
    """A CSV (semicolons, UTF-8) that leaves row by row, however many there are."""
    answer = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _lines(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[str]:
    writer = csv.writer(_Echo(), delimiter=";")
    yield BOM + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([as_text(value) for value in row])


def xlsx_answer(name: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> HttpResponse:
    """A workbook of one sheet, written without keeping its rows in memory; texts stay texts."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(name[:31])
    sheet.freeze_panes = "A2"
    heads = [WriteOnlyCell(sheet, value=column) for column in columns]
    for head in heads:
        head.font = Font(bold=True)
    sheet.append(heads)
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    content = BytesIO()
    book.save(content)
    answer = HttpResponse(content.getvalue(), content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return answer


def _cell(sheet: object, value: Value) -> object:
    if not isinstance(value, str) or not value.startswith(FORMULA):
        return value
    cell = WriteOnlyCell(sheet, value=value)  # type: ignore[arg-type]
    cell.data_type = "s"
    return cell
