"""Mismatches: sessions that XNAT filed for good otherwise than forecast.

* *Mismatch*: a verdict on a session that is settled and is not as forecast (`is_mismatch`).
* *Rule*: what XNAT went by, as a sentence. `MismatchExplainer` names the rules (`explain.py`).
* *Vector*: a mismatch as JSON for the tests, with invented labels and UIDs (`vector.py`).

`session/questions.py` and the reports call this package, for the verbs `verify`, `run` and
`rehearse`.
"""

from __future__ import annotations

from dicomferry.engine.verify.mismatch.explain import MismatchExplainer, as_forecast, is_mismatch
from dicomferry.engine.verify.mismatch.vector import save_vectors, vector_of

__all__ = ["MismatchExplainer", "as_forecast", "is_mismatch", "save_vectors", "vector_of"]
