"""Reads what a shell script does to DICOM files, and writes the recipe that does the same.

A *command* is one simple command of the script (`words`). A *use* is one run of a DCMTK tool on
files (`shell`); a *modification* is what a use of dcmodify changes (`dcmodify`), a *sending* where
a use of storescu or dcmsend sends to (`storescu`). `translate` makes a recipe of all of them, and
lists what was *not translated*. `dcmtk_commands` alone calls it.
"""
