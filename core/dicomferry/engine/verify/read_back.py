"""Read instances back from XNAT and compare them with what the plan makes of the source."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.dicom.quiet import quietly
from dicomferry.dicom.tags import keyword_of, parse_tag
from dicomferry.engine.pipeline.described import relabelled
from dicomferry.engine.pipeline.edit import Withheld, edit_and_forecast
from dicomferry.engine.pipeline.examine import unchanged
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.verify.verdict import SessionVerdict
from dicomferry.errors import FerryError
from dicomferry.ledger.reading.expected import ExpectedInstance, ExpectedSession
from dicomferry.ledger.reading.found_items import PlannedItem
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.rows import Item
from dicomferry.xnat.rest import HeldFile, RestClient

if TYPE_CHECKING:
    from pydicom import Dataset

_TOLD: Final = 5
_ANONYMIZED: Final = (0x00120062, 0x00120063, 0x00120064)
"""PatientIdentityRemoved, DeidentificationMethod and its code sequence: an anonymizer sets them
(PS3.15 E.1)."""


class Sameness(StrEnum):
    """How an instance in XNAT compares with the planned one; the signs are those of rclone."""

    SAME = "="
    MISSING = "+"
    """planned, and not in XNAT"""
    FOREIGN = "-"
    """in XNAT, and not planned"""
    DIFFERS = "*"
    UNREADABLE = "!"
    NOT_COMPARED = "?"
    """in XNAT; its source is on a server, so this machine has nothing to compare it with"""


class Compared(Struct, frozen=True):
    """How one instance compares; `detail` names attributes, never their values.

    `item` is its number in the ledger and `sink` the key of the sink that brought it.
    """

    sameness: Sameness
    sop_instance_uid: str
    detail: str = ""
    item: int = 0
    sink: str = ""


class ContentReader:
    """Reads instances back and compares them, attribute by attribute.

    It does not compare the attributes of `anonymizes`, group lengths and padding: XNAT may change
    these when its anonymizer writes a file anew (PS3.5 7.2, 6.2).
    """

    def __init__(
        self, client: RestClient, steps: Steps, plan: PlanReader, anonymizes: Collection[str]
    ) -> None:
        self._client = client
        self._steps = steps
        self._plan = plan
        self._aside = frozenset(map(parse_tag, anonymizes))
        if self._aside:
            self._aside |= frozenset(_ANONYMIZED)

    def compare(
        self, session: ExpectedSession, verdict: SessionVerdict, *, whole: bool
    ) -> Iterator[Compared]:
        """Compare every instance (`whole`) or one of each series, and yield the results."""
        chosen = session.instances if whole else _sample(session)
        items = self._plan.planned_items([instance.item for instance in chosen])
        for instance in chosen:
            file = verdict.held.get(instance.sop_instance_uid)
            if file is not None:
                compared = self._compared(instance, items[instance.item], file)
                yield replace(compared, item=instance.item, sink=verdict.sink)
            elif verdict.missing:
                yield Compared(Sameness.MISSING, instance.sop_instance_uid)
            else:
                # Nobody knows that it is missing: XNAT did not answer, or does not list it yet.
                detail = verdict.message or "XNAT does not list it yet"
                yield Compared(Sameness.UNREADABLE, instance.sop_instance_uid, detail)
        for uid in verdict.foreign:
            yield Compared(Sameness.FOREIGN, uid)

    def _compared(
        self, instance: ExpectedInstance, planned: PlannedItem, file: HeldFile
    ) -> Compared:
        uid, item = instance.sop_instance_uid, planned.item
        if item.remote is not None:
            return Compared(Sameness.NOT_COMPARED, uid, f"the source is on {item.remote.server}")
        try:
            before = self._planned(item, planned.edits)
            after = digests(self._client.content(file.path), self._aside)
        except FerryError as error:
            return Compared(Sameness.UNREADABLE, uid, error.message)
        except OSError as error:
            return Compared(Sameness.UNREADABLE, uid, f"the source: {error.strerror or error}")
        if before == after:
            return Compared(Sameness.SAME, uid)
        return Compared(Sameness.DIFFERS, uid, _difference(before, after))

    def _planned(self, item: Item, edits: str) -> Mapping[int, bytes]:
        """Edit the source again as the plan does; return the digests of its attributes."""
        if not unchanged(item):
            raise FerryError("the source is not what was planned any more")
        blob = open_blob(item.location)
        with open_instance(blob, item.location, item.names, item.row) as instance:
            header = relabelled(instance.header, item, self._steps.labels)
            edited = edit_and_forecast(self._steps, header, len(self._steps.transforms))
            if isinstance(edited, Withheld) or edited.digest != edits:
                raise FerryError("the source or the recipe is not what was planned any more")
            return digests(b"".join(instance.file(edited.header).chunks()), self._aside)


def digests(file: bytes, aside: Collection[int]) -> dict[int, bytes]:
    """Return a digest of each attribute of a Part 10 file, without the attributes `aside`.

    Raises `FerryError` for a file that is not DICOM.
    """
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        with quietly():
            return dict(_attributes(dcmread(BytesIO(file)), aside))
    except (InvalidDicomError, EOFError, ValueError, KeyError, NotImplementedError) as error:
        raise FerryError(f"it cannot be read as DICOM ({type(error).__name__})") from None


def _attributes(dataset: Dataset, aside: Collection[int]) -> Iterator[tuple[int, bytes]]:
    for tag in sorted(dataset.keys()):
        if tag.element != 0 and int(tag) not in aside:
            yield int(tag), _digest(dataset, tag)


def _digest(dataset: Dataset, tag: Any) -> bytes:
    raw: Any = dataset.get_item(tag)
    if raw.VR in ("SQ", None, "UN") and dataset[tag].VR == "SQ":
        sha = hashlib.sha256(b"SQ")
        for item in dataset[tag].value:
            sha.update(b"item")
            for below, digest in _attributes(item, ()):
                sha.update(below.to_bytes(4, "big") + digest)
        return sha.digest()
    value = raw.value if isinstance(raw.value, bytes) else str(raw.value or "").encode()
    return hashlib.sha256(value.rstrip(b"\0 ")).digest()


def _difference(before: Mapping[int, bytes], after: Mapping[int, bytes]) -> str:
    tags = sorted(tag for tag in before.keys() | after.keys() if before.get(tag) != after.get(tag))
    names = [keyword_of(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})" for tag in tags[:_TOLD]]
    return ", ".join(names) + (f" and {len(tags) - _TOLD} more" if len(tags) > _TOLD else "")


def _sample(session: ExpectedSession) -> tuple[ExpectedInstance, ...]:
    series: dict[str, list[ExpectedInstance]] = defaultdict(list)
    for instance in session.instances:
        series[instance.series_instance_uid].append(instance)
    return tuple(
        min(instances, key=lambda instance: instance.sop_instance_uid)
        for instances in series.values()
    )
