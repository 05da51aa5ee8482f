"""What servers answered to sources: written, read while it is valid, and forgotten."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection
from typing import Final

from msgspec import Struct

from dicomferry.ledger.store import Ledger

YEAR: Final = 366 * 86_400.0
"""Seconds after which an answer is deleted, whatever it is valid for."""

# Whether an answer was right is in doubt where an instance never came, or came otherwise than told.
_IN_DOUBT = """
SELECT DISTINCT study FROM item WHERE remote <> '' AND study <> '' AND (
    verdict = 'rejected'
    OR item.id IN (SELECT item FROM delivery WHERE state = 'failed')
    AND item.id NOT IN (SELECT item FROM spooled)
)
"""


class KeptAnswer(Struct, frozen=True):
    """An answer, and when it was given, in seconds since the epoch."""

    answer: bytes
    at: float


def kept_answer(ledger: Ledger, server: str, question: str, since: float) -> KeptAnswer | None:
    """Return a server's answer to a question, if it was given after `since`."""
    row = ledger.connection.execute(
        "SELECT answer, at FROM answer WHERE server = ? AND question = ? AND at > ?",
        (server, question, since),
    ).fetchone()
    return KeptAnswer(zlib.decompress(row[0]), row[1]) if row else None


def keep_answer(
    ledger: Ledger, server: str, question: str, kept: KeptAnswer, studies: Collection[str]
) -> None:
    """Keep a server's answer in place of an earlier one; `studies` are those that it tells of."""
    packed = zlib.compress(kept.answer, 1)  # lists of UIDs shrink to a tenth
    with ledger.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO answer (server, question, answer, studies, at)"
            " VALUES (?, ?, ?, ?, ?)",
            (server, question, packed, json.dumps(sorted(studies)), kept.at),
        )


def forget_answers(ledger: Ledger, server: str, study_instance_uid: str) -> None:
    """Forget every answer of a server that tells of a study."""
    with ledger.transaction() as connection:
        connection.execute(
            "DELETE FROM answer WHERE server = ?"
            " AND EXISTS (SELECT 1 FROM json_each(studies) WHERE value = ?)",
            (server, study_instance_uid),
        )


def forget_doubtful_answers(ledger: Ledger, now: float) -> None:
    """Forget what is old, and what tells of a study of which something was lost or rejected."""
    with ledger.transaction() as connection:
        connection.execute("DELETE FROM answer WHERE at < ? OR at > ?", (now - YEAR, now))
        if connection.execute("SELECT 1 FROM answer LIMIT 1").fetchone() is None:
            return
        doubtful = {study for (study,) in connection.execute(_IN_DOUBT)}
        if doubtful:
            connection.execute(
                "DELETE FROM answer WHERE EXISTS (SELECT 1 FROM json_each(studies)"
                " WHERE value IN (SELECT value FROM json_each(?)))",
                (json.dumps(sorted(doubtful)),),
            )
