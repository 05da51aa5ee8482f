"""The engine: it plans a recipe, sends what the plan says, and asks what became of it.

* Recipe, step: a recipe names sources, transforms and sinks; a step is one of them, built.
* Item: what a source found: a file, a member of an archive, or an instance on a server.
* Plan: which items are sent, where XNAT will file each, and what stands against it.
* Task: a piece of work on items. An executor has it done by workers, away from the main process.
* Consignment: the instances that one sink delivers to one destination.
* Spool: the folder where instances from a server wait for the sinks.
* Run: one execution of a plan. Its manifest and the ledger say what became of each item.

Each room imports only rooms below it, and import-linter checks that: `session`; `retrieve`;
`deliver`; `plan` and `rehearse`; `workers`; `provenance`, `verify`, `doctor`, `trial` and
`propose`; `pipeline`. `ferry.py`, the verbs and the reports call the engine, and most of them call
`session`. The engine calls the ledger, the recipe, XNAT's rules, DIMSE and the plug-in host, and it
names no plug-in.
"""
