"""Make the table: a row for each series, and one for each file that the plan holds back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from dicomferry.contract.source import Look
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.pipeline.described import described
from dicomferry.engine.plan.choosing.line import (
    HEADERS,
    HELD,
    KEY,
    check_of,
    key_cells,
    label_cells,
)
from dicomferry.engine.workers.apart import apart
from dicomferry.errors import FerryError
from dicomferry.ledger.reading.held_items import HeldItem
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.reading.series import SeriesState
from dicomferry.ledger.rows import CANDIDATE, Item
from dicomferry.spreadsheet import neutral

_DESCRIBING = ("PatientID", "PatientName", "StudyDescription", "SeriesDescription")


def table_rows(plan: PlanReader) -> Iterator[list[str]]:
    """Yield the rows of the table, headers first; no spreadsheet program runs a cell as a formula.

    A file that the plan sends counts in the row of its series. A series that waits to be chosen has
    a row with `no`, and a file or a table row that the plan holds back a row of its own.
    """
    yield list(HEADERS)
    states = [state for state in plan.series() if state.ready or state.candidates]
    held = list(plan.held_items())
    firsts = {state.key: plan.item((state.ready or state.candidates)[0]) for state in states}
    firsts = {one.key: one.item for one in reversed(held) if one.key[3]} | firsts
    told = apart(partial(_texts_of, list(firsts.values())))
    texts = dict(zip(firsts, told, strict=True))
    for state in states:
        yield _row(_series_cells(state, firsts[state.key], texts[state.key]))
    for one in held:
        yield _row(_held_cells(one, texts.get(one.key, {})))


def _series_cells(state: SeriesState, item: Item, texts: dict[str, str]) -> dict[str, str]:
    return {
        "include": "yes" if state.ready else "no",
        **dict(zip(KEY, key_cells(state.key), strict=True)),
        **label_cells(state.destinations),
        **texts,
        "StudyDate": state.study_date,
        "Modality": state.modality,
        "SeriesNumber": state.series_number,
        "instances": str(len(state.ready or state.candidates)),
        "held": str(state.held - len(state.candidates)),
        "check": check_of(state),
        "file": str(item.location) if item.remote is None else "",
        "reason": "" if state.ready else f"{CANDIDATE}: say yes to bring it",
    }


def _held_cells(one: HeldItem, texts: dict[str, str]) -> dict[str, str]:
    known = {**one.item.row} if not one.key[3] else {}
    return {
        **known,
        "include": HELD,
        **{name: text for name, text in zip(KEY, key_cells(one.key), strict=True) if text},
        **(label_cells([one.destination]) if one.destination else {}),
        **texts,
        **{
            name: text
            for name, text in (
                ("StudyDate", one.study_date), ("Modality", one.modality),
                ("SeriesNumber", one.series_number),
            )
            if text
        },
        "held": "1" if one.key[3] else "",
        "file": str(one.item.location),
        "reason": f"{one.verdict}: {one.reason or one.code}",
    }  # fmt: skip


def _texts_of(items: list[Item], look: Look) -> Iterator[dict[str, str]]:
    for item in items:
        look(item.location.path)
        yield found_texts(item)


def found_texts(item: Item) -> dict[str, str]:
    """Return the attributes by which people know a series; empty when the file is gone."""
    if item.remote is not None:
        return _texts(described(item, item.remote))
    try:
        with open_instance(open_blob(item.location), item.location) as instance:
            return _texts(instance.header)
    except (FerryError, OSError):
        return {}


def _texts(header: Header) -> dict[str, str]:
    return {keyword: header.text(keyword) or "" for keyword in _DESCRIBING}


def _row(cells: dict[str, str]) -> list[str]:
    return [neutral(cells.get(header, "")) for header in HEADERS]
