"""How answers look: one module for each kind of answer.

* A *view* turns a report into lines of text. Lines are yielded, and printed by `say`.
* JSON needs no view: `show_json` prints a report as `msgspec.to_builtins` gives it.
* *Progress* (`showing`) is bars on a terminal, a line now and then elsewhere, nothing beside JSON.
* *Printable* text has its control characters escaped: a label from a DICOM file cannot move the
  cursor of a terminal.

The verbs use this package. A view only reads reports (`dicomferry/reports`).
"""
