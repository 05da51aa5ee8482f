"""A plan as a table that people tick series and edit labels in, and that a run takes back."""

from __future__ import annotations

from dicomferry.engine.plan.choosing.asking import asked_labels
from dicomferry.engine.plan.choosing.choose import choose
from dicomferry.engine.plan.choosing.reading import read_lines
from dicomferry.engine.plan.choosing.table import table_rows

__all__ = ["asked_labels", "choose", "read_lines", "table_rows"]
