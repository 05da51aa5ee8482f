"""How answers look: one module for each kind of answer.

* A *view* turns a report into lines of text. Lines are yielded, and printed by `say`.
* JSON needs no view: `show_json` prints a report as `msgspec.to_builtins` gives it.
* A *display* shows progress while something goes on: bars, lines now and then, or nothing.
* *Printable* text has its control characters escaped: a label from a DICOM file cannot move the
  cursor of a terminal.

The verbs use this package. A view reads reports (`dicomferry/reports`) and asks nobody.
"""
