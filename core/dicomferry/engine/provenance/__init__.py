"""Provenance: what a run was made of, and the proof of what it sent.

* *Lock* (`RecipeLock`, `lock_file.py`): the recipe, code, tables and salts that a run is made of.
* *Drift*: the difference of two locks, a line for each fact.
* *Manifest*: a file with one line for each instance that a run sent or held back. `ManifestWriter`
  writes it (`manifest_writer.py`), `Head` and `Entry` are what is read of it (`manifest.py`).
* *Witness* (`witness.py`): takes the digests of one delivery while a worker sends it.
* *Comparison* (`manifests.py`): two manifests set side by side, instance by instance.

The session writes locks and manifests, delivery calls the witness, `ferry.py` and the verb
`diff` read them. Nothing here sends anything.
"""
