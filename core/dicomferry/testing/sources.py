"""The contract of sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from dicomferry.contract.source import ReadsDisk, Source
from dicomferry.model import Finding, LocalFile, Location, NotLookedInto, RemoteInstance, Unusable
from dicomferry.testing.contract import require

_KINDS = get_args(Finding)


def check_source(source: Source) -> list[Finding]:
    """Raise `ContractError` unless a source keeps its contract; return its findings.

    Every `discover()` yields the same findings in the same order, and no location twice; so does
    `discover_on()` where the source has it. A file
    exists and has the size and time of its finding. A `RemoteInstance` has UIDs, a server, and the
    name of a fetcher. What it cannot carry has a code and a reason.
    """
    found = list(source.discover())
    require(list(source.discover()) == found, "a second discover() does not find the same again")
    if isinstance(source, ReadsDisk):
        looked: list[str] = []
        require(
            list(source.discover_on(looked.append)) == found, "discover_on() finds other things"
        )
        require(bool(looked), "discover_on() never tells what it looks at")
    seen: set[Location] = set()
    for finding in found:
        require(isinstance(finding, _KINDS), f"{finding!r} is no finding")
        require(finding.location not in seen, f"{finding.location} is found twice")
        seen.add(finding.location)
        if isinstance(finding, LocalFile):
            _check_file(finding)
        elif isinstance(finding, RemoteInstance):
            _check_remote(finding)
        elif isinstance(finding, (Unusable, NotLookedInto)):
            require(bool(finding.code), f"{finding.location} is held back without a code")
            require(bool(finding.reason), f"{finding.location} is held back without a reason")
    return found


def _check_file(file: LocalFile) -> None:
    path = Path(file.location.path)
    require(path.is_absolute(), f"{path} is relative: where would a worker look for it?")
    require(path.is_file(), f"{path} is not a file; yield an Unusable or a NotLookedInto for it")
    status = path.stat()
    require(file.modified_ns == status.st_mtime_ns, f"{path}: modified_ns is not the file's")
    if not file.location.member:
        require(file.size == status.st_size, f"{path}: size is not the file's")
    _check_texts(file.location, {"names": file.names, "row": file.row})


def _check_remote(one: RemoteInstance) -> None:
    at = one.location
    named = bool(one.fetcher) and ":" not in one.fetcher
    require(named, f"{at}: '{one.fetcher}' is no name of a fetcher")
    require(bool(one.server), f"{at}: no server is named to ask")
    ref = one.ref
    uids = (ref.study_instance_uid, ref.series_instance_uid, ref.sop_instance_uid)
    require(all(uids), f"{at}: the UIDs of study, series and instance must be known")
    texts = {"attributes": one.attributes, "relabel": one.relabel, "names": one.names}
    _check_texts(at, {**texts, "row": one.row, "labels": one.labels})


def _check_texts(at: Location, found: Mapping[str, object]) -> None:
    for what, texts in found.items():
        require(
            isinstance(texts, Mapping)
            and all(isinstance(text, str) for pair in texts.items() for text in pair),
            f"{at}: {what} must map text to text",
        )
