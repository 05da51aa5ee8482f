"""Writes a plan: what the sources found, and what it turned out to be.

* `PlanWriter` (`catalog.py`) opens a scan, notes findings and examinations, and changes verdicts.
* An *examination* is what a worker learned of an item: `Examined` in `rows.py`. `examined.py`
  writes it into columns.
* *Item groups* (`alike.py`, `grouping.py`) count the items of a scan that are alike in all that a
  plan is asked, about one group for each series.
* A *snapshot* (`snapshot.py`) is a small SQLite file beside the ledger. It tells a transform that
  must know the whole where every study goes.
* *Answers* (`answers.py`) are what servers told sources; the next plan asks for what is new.
* *Chosen labels* (`chosen_labels.py`) are those that somebody edited in a saved plan.

The engine's planning writes; workers read snapshots. This package calls neither `delivering` nor
`reading`.
"""
