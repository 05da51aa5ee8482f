"""The sinks of the last plan: a ledger also knows receivers that a recipe named before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from dicomferry.ledger.store import Ledger

_KEY: Final = "plan sinks"


def note_sinks(ledger: Ledger, sinks: Sequence[str]) -> None:
    """Note the keys of the sinks that the plan in a ledger is for."""
    if ledger.get(_KEY) != (noted := json.dumps(list(sinks))):
        ledger.put(_KEY, noted)


def noted_sinks(ledger: Ledger) -> list[str] | None:
    """Return the keys of the sinks of the last plan; None where a ledger has no note of them."""
    noted = ledger.get(_KEY)
    return [str(key) for key in json.loads(noted)] if noted else None
