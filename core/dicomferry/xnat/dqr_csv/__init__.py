"""The CSV files of XNAT's DQR plug-in, each row a query for a PACS and a relabelling.

- DqrTable: the headers, rows and problems of one file; `read_dqr_csv` makes it.
- DqrRow: one row: its cells, its query, and its relabelling by DICOM keyword.
- Cell: the text of one cell, with its place and whether it was quoted.
- Trace: one fault at one cell, before it becomes a Problem.
- Search header: a column whose value goes into the query.
- Relabel header: a column whose value replaces attributes of the instances found.

The CLI and the engine import this package; plug-ins use `read_dqr_csv` and its types through
`dicomferry`. It imports `model` and `xnat.labels`.
"""

from dicomferry.xnat.dqr_csv.columns import REJECTED_BECAUSE
from dicomferry.xnat.dqr_csv.reading import read_dqr_csv
from dicomferry.xnat.dqr_csv.table import DqrRow, DqrTable

__all__ = ["REJECTED_BECAUSE", "DqrRow", "DqrTable", "read_dqr_csv"]
