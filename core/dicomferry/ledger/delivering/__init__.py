"""Reads what sinks still have to get, and writes what became of it.

* An instance is *due* at a sink when the plan has it and the sink does not have it in this version
  (its stamp): `Due` in `rows.py`.
* A *load* is a consignment, all that goes to one destination over one association, with its dues.
* `Deliveries` (`deliveries.py`) makes loads, and makes outcomes durable before they count.
* An *outcome* is stored, excluded, rejected or failed; `outcomes.py` has its columns.
* `Retrievals` (`retrievals.py`) knows which studies of a PACS some sink still needs, and what of
  them lies in the *spool*, the folder where retrieved files wait.
* A *stored patient* (`stored_patients.py`): whose instances a sink has in which session;
  `Subjects` (`subjects.py`) asks that of one subject.

The engine's delivery and retrieval call this package, and `verify` by `send_again`.
"""
