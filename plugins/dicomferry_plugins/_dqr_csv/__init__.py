"""The CSV files of XNAT's DQR plug-in, each row a query for a PACS and a relabelling.

- DqrTable: the headers, rows and problems of one file; `read_dqr_csv` makes it.
- DqrRow: one row: its cells, its query, and its relabelling by DICOM keyword.
- Remark (of `dicomferry.spreadsheet`): one fault at one cell, before it becomes a Problem.
- Search header: a column whose value goes into the query.
- Relabel header: a column whose value replaces attributes of the instances found.

`CsvDqr` (`by_rows`) is the source `csv-dqr`: it asks for what a table says. The verb `csv explain`
shows it.
"""
