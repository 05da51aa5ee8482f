"""Pages of QIDO-RS, put together so that none is lost (PS3.18 8.3.4.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from dicomferry import FerryError
from dicomferry_plugins._pacs.query import IncompleteAnswerError, TooManyAnswersError

PAGE: Final = 500
"""Rows that are asked for at once; a server may give fewer."""

_READINGS: Final = 3
"""How often an answer is read from its beginning, where rows move while it is read."""

Row = Mapping[str, str]


class Page(Struct, frozen=True):
    """The rows of one answer; `more` is the server's word for that there are others, if any."""

    rows: list[dict[str, str]]
    more: str = ""


class _MovedError(FerryError):
    """Rows are not where they were: of such pages nobody knows what lies between them."""


def all_rows(
    ask: Callable[[int], Page], key: str, most: int, expected: int | None = None
) -> list[dict[str, str]]:
    """Return all rows of an answer that comes in pages; `ask` gets the page at an offset.

    `key` tells rows apart. An answer is whole when it has as many of them as the server told
    before (`expected`), or when a page begins with the last row that is known and has no other.
    A short page proves nothing: a server may give fewer rows than it is asked for. Each page
    begins one row early, so that a row that came or went meanwhile is noticed, and the answer is
    read again.

    Raises `IncompleteAnswerError` where it is not known to be whole, and `TooManyAnswersError`.
    """
    why = ""
    for _ in range(_READINGS):
        try:
            return _read(ask, key, most, expected)
        except _MovedError as error:
            why = error.message
    raise IncompleteAnswerError(
        f"whether its answer is whole is not known: {why}",
        hint="ask more narrowly, or later; where the server ignores `offset` and is known to give"
        " all at once, set `paging: whole` of it",
    )


def whole_page(page: Page, most: int) -> list[dict[str, str]]:
    """Return the rows of a server that gives all at once; raises as `all_rows`."""
    _limit(page.rows, most)
    if page.more:
        raise _cut_short(page)
    return page.rows


def _read(
    ask: Callable[[int], Page], key: str, most: int, expected: int | None
) -> list[dict[str, str]]:
    page = ask(0)
    rows, largest = list(page.rows), len(page.rows)
    seen = {row.get(key, "") for row in rows}
    while True:
        _limit(rows, most)
        if not rows or (len(seen) == expected and not page.more):
            break
        # A server that gives one row at a time can be asked only for what is behind it.
        early = 1 if largest > 1 else 0
        page = ask(len(rows) - early)
        if [row.get(key, "") for row in page.rows[:early]] != [rows[-1].get(key, "")][:early]:
            raise _moved(page, rows, key)
        new = page.rows[early:]
        if not new:
            break
        uids = {row.get(key, "") for row in new}
        if uids & seen:
            raise _moved(page, rows, key)
        seen |= uids
        rows += new
        largest = max(largest, len(page.rows))
    if page.more:
        raise _cut_short(page)
    return rows


def _limit(rows: list[dict[str, str]], most: int) -> None:
    if len(rows) > most:
        raise TooManyAnswersError(
            f"it has more than {most} answers", hint="ask more narrowly, or raise most_studies"
        )


def _moved(page: Page, rows: list[dict[str, str]], key: str) -> _MovedError:
    if page.rows and page.rows[0].get(key, "") == rows[0].get(key, ""):
        return _MovedError("asked for what comes behind, it began again with the first row")
    return _MovedError("rows came, went or moved while its pages were read")


def _cut_short(page: Page) -> IncompleteAnswerError:
    return IncompleteAnswerError(
        f"it says that there is more, and gives no more: {page.more}", hint="ask more narrowly"
    )
