"""Pacing: a session is opened at an XNAT only while it has not too many to build.

* An *outstanding* session is one that XNAT receives, builds or archives, or will once it is quiet.
* `SessionPace`: tells a courier when its next session may be opened. `WatchedPace` asks XNAT by
  REST; `QuietPace` counts, where it cannot be asked, for how long a session must be taken to be
  outstanding.
* `SessionLimit`: how many may be outstanding. `GivenLimit` is the recipe's, `FoundLimit` is found
  out by how long builds take.
* A *wedge*: nothing is built for so long that XNAT will hardly build anything any more.

The courier is the only caller. The session makes a pace for each of its XNATs (`choice.py`).
"""
