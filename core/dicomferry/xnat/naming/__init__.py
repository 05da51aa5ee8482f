"""How XNAT names what arrives.

* An *identifier* (`identifiers.py`) is an emulation of one of XNAT's own: it makes a `Forecast` of
  a header. `ClassicIdentifier` is XNAT's default, `DqrIdentifier` the DQR plug-in's.
* `Identification` (`options.py`) is what a recipe declares of a server for that: its projects, its
  rules, its routed studies.
* An *assignment* (`assignment.py`) is `Project:`, `Subject:` or `Session:` in a comment.
* An *import parameter* (`import_parameters.py`) is what REST imports name instead.
* The *default label* (`default_label.py`) is what a session is called that nothing names.
* A *note* (`notes.py`) is a code that a forecast carries for the plan to warn of.

Identifiers use `routing` for rules and `labels` for texts, and know nothing of sessions: what
becomes of the named instances is `filing`'s.
"""
