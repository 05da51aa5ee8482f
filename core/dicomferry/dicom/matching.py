"""Whether attributes are what was asked for (PS3.4 C.2.2.2), because a PACS may ignore a key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product

_UID_KEYS = frozenset({"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"})
_DATE_KEYS = frozenset({"StudyDate", "PatientBirthDate", "SeriesDate"})
_NAME_KEYS = frozenset({"PatientName", "ReferringPhysicianName"})
_PLAIN_MARKS = str.maketrans(
    dict.fromkeys("\u2018\u2019\u02bc\u2032\u00b4`\uff07", "'")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\uff0d", "-")
)
"""Apostrophes and hyphens as programs for texts write them: O\u2019NEIL is O'NEIL."""


def single_queries(keys: Mapping[str, str]) -> Iterator[dict[str, str]]:
    r"""Yield the queries that together ask for every value of every `A\B` list.

    Only UIDs may be listed in a query (PS3.4 C.2.2.2.2); what a PACS makes of other lists differs.
    """
    split = {k: v.split("\\") for k, v in keys.items() if "\\" in v and k not in _UID_KEYS}
    for values in product(*split.values()):
        yield {**keys, **dict(zip(split, values, strict=True))}


def matches(keys: Mapping[str, str], answer: Mapping[str, str]) -> bool:
    """Tell whether an answer has all that the keys ask for; one without the attribute has not.

    Names are compared without regard to case and to how an apostrophe or a hyphen is written, all
    else exactly; blanks around a value and empty
    components at the end of a name mean nothing.
    """
    return not (unproven(keys, answer) or difference(keys, answer))


def unproven(keys: Mapping[str, str], answer: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of which an answer has no value: it may be as asked, or not.

    A server need not return every key, nor match by it (PS3.4 C.2.2.1.2).
    """
    return {
        keyword: wanted
        for keyword, wanted in keys.items()
        if wanted and wanted != "*" and not answer.get(keyword, "").strip(" \0")
    }


def difference(keys: Mapping[str, str], answer: Mapping[str, str]) -> str:
    """Return the first key in which an answer is not what was asked for, with both values.

    Empty where it is what was asked for, or has no value; compares as `matches`.
    """
    for keyword, wanted in keys.items():
        found = answer.get(keyword, "")
        told = found.strip(" \0") and wanted and wanted != "*"
        if told and not _any_value(keyword, wanted, found):
            return f"{keyword} '{wanted}' was asked for, it answered '{found}'"
    return ""


def _any_value(keyword: str, wanted: str, found: str) -> bool:
    return any(
        _value(keyword, one, other) for one in wanted.split("\\") for other in found.split("\\")
    )


def _value(keyword: str, wanted: str, found: str) -> bool:
    wanted, found = wanted.strip(), found.strip(" \0")
    if keyword in _DATE_KEYS:
        return _in_range(wanted, found.replace(".", ""))
    if keyword in _NAME_KEYS:
        # The ideographic and phonetic groups are a name's other spellings (PS3.5 6.2.1).
        groups = [_plain(group.rstrip("^ ")) for group in found.split("=")]
        pattern = _pattern(_plain(wanted.rstrip("^")))
        return any(pattern.fullmatch(group) for group in groups)
    if "*" in wanted or "?" in wanted:
        return _pattern(wanted).fullmatch(found) is not None
    return wanted == found


def _plain(name: str) -> str:
    return name.casefold().translate(_PLAIN_MARKS)


def _in_range(wanted: str, found: str) -> bool:
    first, dash, last = wanted.partition("-")
    if not dash:
        return found == wanted
    return bool(found) and (not first or first <= found) and (not last or found <= last)


def _pattern(text: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(c) or re.escape(c) for c in text), re.DOTALL)
