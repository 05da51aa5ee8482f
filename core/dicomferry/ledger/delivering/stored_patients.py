"""Whose instances each sink has, in which session: kept when the files are there no more.

A row is a patient, a study and a destination at a sink, with the first instance that was stored of
them. Paths are used again: what lies at one when the next disk is in the drive is not what was
stored from it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlite3 import Connection

_NOTE: Final = """
    INSERT OR IGNORE INTO stored_patient (sink, destination, patient, study, item, run)
    SELECT ?, destination, patient, coalesce(study, ''), min(id), ? FROM item
    WHERE id IN (SELECT value FROM json_each(?))
    AND destination IS NOT NULL AND patient IS NOT NULL GROUP BY 2, 3, 4
"""
_OF_SINK: Final = """
    SELECT delivery.destination, item.patient, coalesce(item.study, '')
    FROM delivery JOIN item ON item.id = delivery.item WHERE delivery.sink = :sink
"""
_FORGET: Final = f"""
    DELETE FROM stored_patient WHERE sink = :sink AND (destination, patient, study) IN (
        {_OF_SINK} AND item.id IN (SELECT value FROM json_each(:items))
        EXCEPT {_OF_SINK} AND delivery.state = 'stored')
"""  # noqa: S608  fixed texts


def note_stored(connection: Connection, run: int, sink: str, items: Sequence[int]) -> None:
    """Note whose instances a sink has stored; the caller begins and ends the transaction."""
    connection.execute(_NOTE, (sink, run, json.dumps(items)))


def forget_stored(connection: Connection, sink: str, items: Collection[int]) -> None:
    """Forget the patients of items that a sink has lost, unless it has others of them."""
    connection.execute(_FORGET, {"sink": sink, "items": json.dumps(list(items))})
