"""Where XNAT did not do as forecast: which of its rules that was, and a test vector of it."""

from __future__ import annotations

from dicomferry.engine.verify.mismatch.explain import MismatchExplainer, as_forecast, is_mismatch
from dicomferry.engine.verify.mismatch.vector import save_vectors, vector_of

__all__ = ["MismatchExplainer", "as_forecast", "is_mismatch", "save_vectors", "vector_of"]
