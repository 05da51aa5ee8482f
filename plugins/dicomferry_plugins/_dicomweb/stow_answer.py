"""What an answer to STOW-RS says of one instance (PS3.18 10.5.3, Annex I)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct

from dicomferry_plugins._dicomweb.json_model import (
    DataSet,
    Element,
    ModelError,
    data_sets,
    items_of,
)

_REFERENCED: Final = "00081199"
_FAILED: Final = "00081198"
_OTHER_FAILURES: Final = "0008119A"
_INSTANCE: Final = "00081155"
_FAILURE_REASON: Final = "00081197"
_WARNING_REASON: Final = "00081196"


class Told(Struct, frozen=True):
    """What a server says of an instance; neither stored nor refused is not known.

    `warning` and `reason` are statuses as of a C-STORE; 0 where it names none.
    """

    stored: bool = False
    refused: bool = False
    warning: int = 0
    reason: int = 0


def told_of(body: bytes, sop_instance_uid: str) -> Told:
    """Return what an answer says of the only instance of a request.

    An instance that it names as stored and as failed has failed. Failures without a UID are of
    parts that it could not read.
    """
    try:
        answers = data_sets(body)
        failed = _about(answers, _FAILED, sop_instance_uid)
        failed += [item for one in answers for item in items_of(one, _OTHER_FAILURES)]
        stored = _about(answers, _REFERENCED, sop_instance_uid)
    except ModelError:
        return Told()
    if failed:
        return Told(refused=True, reason=_number(failed, _FAILURE_REASON))
    return Told(stored=bool(stored), warning=_number(stored, _WARNING_REASON))


def _about(answers: Iterable[DataSet], sequence: str, uid: str) -> list[DataSet]:
    items = [item for one in answers for item in items_of(one, sequence)]
    return [item for item in items if _value(item, _INSTANCE) == uid]


def _number(items: Iterable[DataSet], tag: str) -> int:
    found = [value for item in items if isinstance(value := _value(item, tag), int)]
    return found[0] if found else 0


def _value(item: DataSet, tag: str) -> Any:
    values = item.get(tag, Element()).value
    return values[0] if values else None
