"""Rehearsals: a recipe is run against stand-ins of its XNATs, on this machine.

* *Stand-in*: a receiver that files what arrives as XNAT would; a plug-in offers it.
* `StandInProcess`: the main process's end of one stand-in, which runs in a process of its own.
* `StandIns`: the recipe whose XNAT servers are stand-ins, and their processes.
* `Tree`: the projects, subjects, sessions and scans that a stand-in holds at the end.
* `Faults`: what a stand-in does wrong on purpose.

`dicomferry/rehearsal.py` opens the stand-ins and runs a session of the recipe against them.
"""
