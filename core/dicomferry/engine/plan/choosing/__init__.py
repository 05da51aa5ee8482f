"""Choosing: a user saves a plan as a table, edits it, and a run reads it back.

* *Table*: a CSV with a row for each series of a plan, and for each file held back (`table.py`).
* `SavedPlan`: a table as it was read back, its lines and its faults (`reading.py`).
* `TableLine`: one line of it (`line.py`).
* *Mark*: a short digest in the column `check`. It tells an edited label, and a series that has
  changed since the plan.
* *Edited label*: a project, subject or session that the user wrote; `asked_labels` collects them.
* *Doubt*: a warning about an edited label that may be a slip (`doubts.py`).

The session calls `read_saved_plan`, `asked_labels` and `choose`; the report of a plan calls
`table_rows`.
"""

from __future__ import annotations

from dicomferry.engine.plan.choosing.asking import asked_labels
from dicomferry.engine.plan.choosing.choose import choose
from dicomferry.engine.plan.choosing.reading import read_saved_plan
from dicomferry.engine.plan.choosing.table import table_rows

__all__ = ["asked_labels", "choose", "read_saved_plan", "table_rows"]
