"""The dates of a DQR file: days and ranges of days."""

from __future__ import annotations

import re
from datetime import date

_DAY = re.compile(r"(\d{4})(/?)(\d{2})\2(\d{2})", re.ASCII)
_SERIAL = re.compile(r"\d{5}(\.\d+)?", re.ASCII)
_FLOAT = re.compile(r"\d{8}\.0+|\d\.\d+E\+07", re.ASCII | re.IGNORECASE)


class BadDateError(ValueError):
    """A date that cannot be part of a query; `code`, `message` and `hint` make a problem."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


def parse_dates(text: str) -> str:
    """Return a day or a range as a query has it (PS3.4 C.2.2.2.5); raises `BadDateError`."""
    for mark, what in (("*", "a wildcard"), ("?", "a wildcard"), ("\\", "several values")):
        if mark in text:
            raise BadDateError(
                "date-pattern", f"'{text}': {what} cannot be used in a date",
                "write a range: YYYYMMDD-YYYYMMDD",
            )  # fmt: skip
    _refuse_spreadsheet(text)
    first, dash, last = text.partition("-")
    if not dash:
        return parse_day(text)
    if not first and not last:
        raise BadDateError("bad-date", "'-' is a range without an end", "write YYYYMMDD-YYYYMMDD")
    start, end = (parse_day(part, text) if part else "" for part in (first, last))
    if start and end and start > end:
        raise BadDateError(
            "reversed-dates", f"'{text}' ends before it begins", f"write {end}-{start}"
        )
    return f"{start}-{end}"


def parse_day(text: str, whole: str = "") -> str:
    """Return one day as YYYYMMDD; raises `BadDateError`."""
    _refuse_spreadsheet(text)
    match = _DAY.fullmatch(text)
    if match is None:
        hint = "take out the blanks" if text != text.strip() else "a day is written YYYYMMDD"
        raise BadDateError("bad-date", f"'{whole or text}' is not a date", hint)
    year, _, month, day = match.groups()
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        raise BadDateError("impossible-date", f"'{text}' is not in the calendar") from None
    return f"{year}{month}{day}"


def _refuse_spreadsheet(text: str) -> None:
    if _SERIAL.fullmatch(text) or _FLOAT.fullmatch(text):
        raise BadDateError(
            "excel-date", f"'{text}' is a spreadsheet's number, not a date",
            "format the column as text, and write YYYYMMDD",
        )  # fmt: skip
