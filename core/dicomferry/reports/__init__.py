"""What dicomferry tells programs: the Structs behind `Ferry` and behind `--format json`.

* A *report* is the answer of one verb: `PlanReport`, `RunReport`, `VerifyReport`, `StatusReport`,
  `DoctorReport`, `TrialReport`, `RehearsalReport`, `ReplayReport`, `ContrastReport`,
  `ForecastReport`, `ValidateReport`.
* A *record* is a line of one: a session of a plan, an item, a check, a plug-in.
* A `Plan` reads its records from the open ledger, so that a plan of a million instances is not
  held in memory; `Plan.report()` takes them all.

Reports are plain values: frozen, with text, numbers and lists, good after the ledger is closed.
The names of their fields are the keys of the JSON (`msgspec.to_builtins`), and stay as they are.
`complete`, `landed`, `passed` and `same` follow from counts; an unknown state makes each False.

`ferry.py` and `cli/` use this package; it reads values of `engine/` and `ledger/`, and calls no
verb itself.
"""
