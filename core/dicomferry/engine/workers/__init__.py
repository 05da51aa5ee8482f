"""Workers: they do the work on items beside the main process.

* `Task`: a piece of work that can be pickled. Each kind stands beside the code it runs:
  `plan/tasks.py` (examine), `plan/duplicates.py` (digest), `deliver/task.py`, `retrieve/task.py`.
* `Executor`: takes tasks, has workers do them, and returns their messages. `Pool`, worker processes
  on this machine, is the default.
* `Worker`: does one task after the other. `Workbench` is the only one; it offers its tasks the
  steps of the recipe, built once. `WorkerSpec` is what it is built from.
* `Done`: the last message of a task. `Kept`: the main process has made so many answers durable.
* `Lanes`: how many consignments may be under way to a sink now.
* `apart`: has one reading of a disk done by a worker of its own, so that no verb waits for a disk.
* `Workshop`: what planning, delivery and retrieval are given: steps, ledger, executors.

`dicomferry/contract/executor.py` has the contract of `Task`, `Worker` and `Executor`, because
plug-ins may offer an executor. Planning, delivery and retrieval make tasks and call
`Workshop.workers` or `apart`; no module here imports them. Only the session names an executor.
"""
