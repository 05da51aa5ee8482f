"""The errors of the last plan, noted in the ledger: `status` tells why its run sent nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from dicomferry.ledger.store import Ledger
from dicomferry.model import Problem

_KEY: Final = "plan errors"


def note_errors(ledger: Ledger, errors: Iterable[Problem]) -> None:
    """Note the errors of the plan that was made last, or that it has none."""
    # `json` escapes whatever is not ASCII: a file name need not be UTF-8.
    noted = json.dumps([(one.code, one.message, one.why, one.hint) for one in errors])
    if noted != (ledger.get(_KEY) or "[]"):
        ledger.put(_KEY, noted)


def last_errors(ledger: Ledger) -> list[Problem]:
    """Return the errors of the plan that was made last; none where a ledger has no note of it."""
    return [
        Problem(code, message, why=why, hint=hint)
        for code, message, why, hint in json.loads(ledger.get(_KEY) or "[]")
    ]
