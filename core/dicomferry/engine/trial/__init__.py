"""Trials: a recipe tried on single instances. Nothing is discovered, stored in a ledger, or sent.

* `Bench`: the transforms and identifiers of one recipe, built without secrets (`bench.py`).
* `Carried`: what the bench made of one instance: edits and forecast, or why it is held back.
* `Result`: what came of one of the recipe's `tests:` (`expectation.py`).
* `UnmetExpectation`: one line of a test that is not so. `update` rewrites such lines (`update.py`).
* `Contrast`: one thing that two recipes do differently to the same instances (`contrast.py`).
* *Probes*: instances made up with the attributes that two recipes mention (`probes.py`).

`ferry.py` and the reports call this room, for the verbs `test` and `diff`.
"""
