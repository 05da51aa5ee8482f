"""Findings made of the studies that a PACS has: as many as are expected, and their instances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dicomferry import InstanceRef, RemoteInstance
from dicomferry_plugins._pacs.search import FoundStudy

_MOST_CANDIDATES = 10


def unexpected(expect: str, studies: list[FoundStudy]) -> str:
    """Return why this many studies are not what is expected, naming them; empty when they are."""
    number = len(studies)
    if expect == "any":
        return ""
    most = 1 if expect == "exactly-one" else int(expect.split()[-1])
    if number <= most and (number or expect != "exactly-one"):
        return ""
    wanted = "exactly one study is" if expect == "exactly-one" else f"{most} at most are"
    if not number:
        return f"{wanted} expected, there is none"
    some = "; ".join(map(_candidate, studies[:_MOST_CANDIDATES]))
    more = "; …" if number > _MOST_CANDIDATES else ""
    return f"{wanted} expected, there are {number}: {some}{more}"


def _candidate(study: FoundStudy) -> str:
    known = study.attributes
    words = [known.get(k, "") for k in ("StudyDate", "ModalitiesInStudy", "StudyDescription")]
    return " ".join(word for word in (*words, study.uid) if word)


def findings(
    server: str,
    study: FoundStudy,
    *,
    relabel: Mapping[str, str],
    row: Mapping[str, str],
    table_row: int = 0,
    labels: Mapping[str, str] | None = None,
) -> Iterator[RemoteInstance]:
    """Yield the instances of a study."""
    for series in study.series:
        for uid, known in series.instances.items():
            yield RemoteInstance(
                "pacs",
                server,
                InstanceRef(study.uid, series.uid, uid, known.get("SOPClassUID", "")),
                {**study.attributes, **series.attributes, **known},
                relabel,
                row,
                table_row,
                labels=labels or {},
            )
