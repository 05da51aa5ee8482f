"""Tables that people edit in spreadsheet programs: safe cells to write, exact cells to read.

* A *cell* is a text with its place, and whether it was quoted (RFC 4180). Both matter: a fault has
  its place, and an empty cell may say another thing than a quoted empty one.
* A *sheet* is the rows of a table, without blank rows and columns, and what was remarked while it
  was read. `read_sheet` makes one of a CSV's bytes, or of a workbook's (.xlsx).
* A *remark* is a note, a warning or an error with its place; `Remark.problem` makes a `Problem`
  of it. Who asked for the sheet decides whether an error refuses the table.
* *Rejects* are the rows of a source's table that were not carried, with `REJECTED_BECAUSE` behind
  them.

`cells.py` scans text, `encoding.py` finds out how bytes are encoded, `sheet.py` cleans up what
spreadsheet programs and pandas leave behind, `workbook.py` opens .xlsx files. Plug-ins may use
every name that is listed here.
"""

from dicomferry.spreadsheet.cells import (
    REJECTED_BECAUSE,
    Cell,
    UnreadableCsvError,
    neutral,
    read_cells,
)
from dicomferry.spreadsheet.encoding import decode, delimiter_of
from dicomferry.spreadsheet.sheet import (
    Remark,
    Sheet,
    is_damaged_number,
    is_lock_file,
    is_no_value,
    read_sheet,
)

__all__ = [
    "REJECTED_BECAUSE",
    "Cell",
    "Remark",
    "Sheet",
    "UnreadableCsvError",
    "decode",
    "delimiter_of",
    "is_damaged_number",
    "is_lock_file",
    "is_no_value",
    "neutral",
    "read_cells",
    "read_sheet",
]
