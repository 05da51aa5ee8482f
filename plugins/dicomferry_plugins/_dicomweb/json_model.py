"""The DICOM JSON Model as texts by keyword (PS3.18 Annex F)."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from dicomferry.dicom import keyword_of

_WITHOUT_TEXT: Final = frozenset({"SQ", "OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")


class Element(msgspec.Struct, frozen=True):
    """One element of a data set; `value` has the items of a sequence, too."""

    vr: str = ""
    value: list[Any] | None = msgspec.field(default=None, name="Value")


DataSet = dict[str, Element]
"""A data set: elements by tag, as eight hexadecimal digits."""


class ModelError(Exception):
    """Something else than the JSON Model."""


def data_sets(body: bytes) -> list[DataSet]:
    """Return the data sets of an answer, which may also be one alone; raises `ModelError`."""
    try:
        found = msgspec.json.decode(body, type=list[DataSet] | DataSet)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ModelError(str(error)) from None
    return found if isinstance(found, list) else [found]


def items_of(data_set: DataSet, tag: str) -> list[DataSet]:
    """Return the items of a sequence; raises `ModelError`."""
    try:
        return msgspec.convert(data_set.get(tag, Element()).value or [], type=list[DataSet])
    except msgspec.MsgspecError as error:
        raise ModelError(str(error)) from None


def texts_of(data_set: DataSet) -> dict[str, str]:
    r"""Return the values of a data set, several joined by `\`; raises `ModelError`.

    Sequences and binary values are left out.
    """
    found: dict[str, str] = {}
    for tag, element in data_set.items():
        if element.vr not in _WITHOUT_TEXT:
            try:
                found[keyword_of(int(tag, 16))] = "\\".join(map(_text, element.value or ()))
            except ValueError:
                raise ModelError(f"'{tag[:20]}' is no tag") from None
    return found


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):  # a person's name, in up to three writings (PS3.5 6.2)
        groups = "=".join(str(value.get(group) or "") for group in _GROUPS)
        return groups.rstrip("=")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
