"""The CSV files of XNAT's DQR plug-in, each row a query for a PACS and a relabelling.

- DqrTable: the headers, rows and problems of one file; `read_dqr_csv` makes it.
- DqrRow: one row: its cells, its query, and its relabelling by DICOM keyword.
- Trace: one fault at one cell, before it becomes a Problem.
- Search header: a column whose value goes into the query.
- Relabel header: a column whose value replaces attributes of the instances found.

The source `csv-dqr` asks for what a table says; the verb `csv explain` shows it.
"""

from dicomferry_plugins._dqr_csv.reading import read_dqr_csv
from dicomferry_plugins._dqr_csv.table import DqrRow, DqrTable

__all__ = ["DqrRow", "DqrTable", "read_dqr_csv"]
