"""XNAT's anonymization scripts, as far as they set, delete or conditionally set whole elements.

* A *script* (`statements.py`) is the text of a site or of a project in DicomEdit 6; it has
  *statements* in order.
* A *statement* assigns, deletes, names a value, or does one of these on a *condition*. One that is
  not understood is `NotUnderstood`, with its line and with the elements that it touches.
* *Tokens* (`tokens.py`) and *parsing* (`parsing.py`) read a script by DicomEdit's own grammar.
* An *outcome* (`running.py`) is what a script makes of one header: the edits that are certain, and
  the elements of which nobody here can tell what becomes.

The site's script runs on each file that XNAT receives, behind identification; that of a project
runs when a session is archived. `engine` and the stand-in run them. This package uses `routing` for
Java's patterns and `reading` for the values of elements.
"""
