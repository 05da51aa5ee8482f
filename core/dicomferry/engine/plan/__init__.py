"""Planning: from the sources to a plan in the ledger. Nothing is sent.

* Scan: one pass over the sources; what they find becomes items of the ledger.
* `ExamineTask`: has items opened, checked, edited and forecast by a worker.
* `DigestTask`: has the contents of instances digested that share a SOP Instance UID.
* `Planned`: a plan: its view in the ledger, and its problems.
* Problem (`problems/`): what stands against a plan, with a stable code.
* Choice (`choosing/`): a saved plan, in which a user left series out or edited labels.

The session calls `make_plan`. Planning gives its tasks to the workshop's executor and alone writes
what comes of them.
"""
