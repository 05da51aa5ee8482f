"""The rows that lookup tables lack, as a table to fill in and to feed back."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Final

from dicomferry.engine.session.row_tables import write_table
from dicomferry.ledger.reading.plan_reader import PlanReader

_PATIENT: Final = ("PatientID", "PatientName", "PatientBirthDate", "instances")


def write_missing(plan: PlanReader, folder: Path) -> list[Path]:
    """Write `missing.csv`; return what was written: nothing where no table lacks a row.

    Its first columns are those of the table, the key filled in. Of several tables the second is in
    `missing-NAME.csv`, by the name of its file. Raises `FerryError` when one cannot be written.
    """
    for old in folder.glob("missing*.csv"):
        old.unlink()
    written: list[Path] = []
    rows = plan.missing_rows()
    for (table, columns), found in groupby(
        rows, lambda row: (row.missing.table, row.missing.columns)
    ):
        name = f"missing-{Path(table).stem}.csv" if written else "missing.csv"
        behind = [header for header in _PATIENT if header not in columns]
        lines = [[*columns, *behind]]
        for row in found:
            told = dict(
                zip(
                    _PATIENT,
                    (row.patient_id, row.name, row.birth_date, str(row.instances)),
                    strict=True,
                )
            )
            blank = [""] * (len(columns) - 1)
            lines.append([row.missing.key, *blank, *(told[header] for header in behind)])
        write_table(folder / name, lines)
        written.append(folder / name)
    return written
