"""Make the table: a row for each series, and one for each file that the plan holds back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from dicomferry.contract.source import Look
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.pipeline.described import described
from dicomferry.engine.plan.choosing.line import HEADERS, HELD, check_of, key_cells, label_cells
from dicomferry.engine.workers.apart import apart
from dicomferry.errors import FerryError
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.reading.series import SeriesState
from dicomferry.ledger.rows import Item, Verdict
from dicomferry.spreadsheet import neutral

_DESCRIBING = ("PatientID", "PatientName", "StudyDescription", "SeriesDescription")


def table_rows(plan: PlanReader) -> Iterator[list[str]]:
    """Yield the rows of the table, headers first; no spreadsheet program runs a cell as a formula.

    A file that the plan sends counts in the row of its series. A file that it holds back has a row
    of its own.
    """
    yield list(HEADERS)
    states = [state for state in plan.series() if state.ready]
    firsts = [plan.item(state.ready[0]) for state in states]
    for state, item, texts in zip(states, firsts, apart(partial(_texts_of, firsts)), strict=True):
        yield _row(_series_cells(state, item, texts))
    for one in plan.items():
        if one.verdict is not Verdict.READY:
            reason = f"{one.verdict}: {one.reason or one.code}"
            yield _row({"include": HELD, "file": str(one.location), "reason": reason})


def _series_cells(state: SeriesState, item: Item, texts: dict[str, str]) -> dict[str, str]:
    source, row, study, series = key_cells(state.key)
    return {
        "include": "yes",
        "source": source,
        "row": row,
        **label_cells(state.destinations),
        **texts,
        "StudyDate": state.study_date,
        "Modality": state.modality,
        "SeriesNumber": state.series_number,
        "instances": str(len(state.ready)),
        "held": str(state.held),
        "StudyInstanceUID": study,
        "SeriesInstanceUID": series,
        "check": check_of(state),
        "file": str(item.location) if item.remote is None else "",
    }


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
