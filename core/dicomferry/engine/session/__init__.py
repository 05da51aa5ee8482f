"""The session: one use of a recipe, from its plan to its report.

* `Job`: what is to be done: a recipe, its state folder, and by which executor.
* `Session`: an open state folder, whose lock and ledger it holds. It plans and it runs.
* `Running`: one run of a plan: every sink in turn, and what is still on a PACS.
* `ReplayReceiver`: where a replay brings what a manifest lists, instead of the recipe's sinks.
* Executor: what has the work done. `executors.py` knows those of dicomferry's own and of plug-ins,
  and nobody below names one.

The verbs and `ferry.py` call this room alone; it calls planning, delivery and retrieval.
"""
