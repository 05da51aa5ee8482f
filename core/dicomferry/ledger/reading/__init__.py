"""Reads a plan, and writes nothing.

`PlanReader` (`plan_reader.py`) is the door: everybody outside the ledger's room asks it, and gets
values that have names. Behind it there is a module for each noun, with its query and its value:

* a *session plan* (`sessions.py`): a session as XNAT will hold it;
* a *series state* (`series.py`): a series as people choose from it;
* an *item state* (`item_states.py`): what the plan says of an item, and each sink has of it;
* a *found item* (`found_items.py`): an item by its number, file name or SOP Instance UID;
* an *expected session* (`expected.py`): what the receiver behind a sink should hold;
* a *row state* (`table_rows.py`): what became of a row of a source's table;
* what shares a UID, a label or a study with something else: `same_instance.py`,
  `stray_items.py`, `stored_elsewhere.py`, `filed_instances.py`;
* a *stored patient* (`stored_patients.py`): whose instances lie where since earlier runs.

`sink_states.py` counts for each sink, `crosswalk.py` lists the changed UIDs of every scan.
"""
