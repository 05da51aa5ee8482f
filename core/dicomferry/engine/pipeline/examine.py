"""One item looked at: is it an instance, is it whole, what will XNAT call it?"""

from __future__ import annotations

import hashlib
import os

from msgspec.structs import replace

from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import Instance, open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.pipeline.described import (
    described,
    not_as_asked,
    not_as_listed,
    relabelled,
    signed,
)
from dicomferry.engine.pipeline.edit import Ready, Withheld, edit_and_forecast
from dicomferry.engine.pipeline.facts import as_sent
from dicomferry.engine.pipeline.faults import MENDED, FileFault, faults_of
from dicomferry.engine.pipeline.foreseen import foreseen
from dicomferry.engine.pipeline.references import STUDY_RENAMED, references_left
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.pipeline.watch import Watch
from dicomferry.errors import (
    DamagedError,
    DicomDirError,
    FerryError,
    NotDicomError,
    OverLimitError,
    UnopenedError,
    UnreadableError,
)
from dicomferry.ledger.rows import CANDIDATE, Examined, Facts, Item, Remote, Verdict
from dicomferry.log import log_bug
from dicomferry.model import Excluded, InstanceRef, Rejected

NO_ANSWER = "no-answer"
"""The code of what a worker waited for without an end."""

OVER_LIMIT = "over-limit"
"""The code of what takes more of the processor or of memory than one item may."""

_UIDS = (
    ("StudyInstanceUID", "study_instance_uid"),
    ("SeriesInstanceUID", "series_instance_uid"),
    ("SOPInstanceUID", "sop_instance_uid"),
    ("SOPClassUID", "sop_class_uid"),
)


def examine(item: Item, steps: Steps, upto: int) -> Examined:
    """Read an item's header, check its integrity, apply the first `upto` transforms, forecast.

    Whatever is wrong with the item becomes its verdict. Raises `FerryError` only where a
    transform stops the run.
    """
    watch = steps.watch
    watch.begin(item.id)
    try:
        return _examine(item, steps, upto)
    except FerryError:
        raise
    except OverLimitError as error:
        return Examined(item.id, Verdict.NOT_LOOKED_INTO, OVER_LIMIT, str(error))
    except MemoryError:
        at = f"{watch.at}: " if watch.at else ""
        return Examined(
            item.id, Verdict.NOT_LOOKED_INTO, OVER_LIMIT, f"{at}{watch.limits.too_much}"
        )
    except Exception as error:  # noqa: BLE001  one strange file must not stop a disk of them
        log_bug(error, f"item {item.id} could not be examined")
        reason = f"{type(error).__name__} while it was read; see the log"
        return Examined(item.id, Verdict.REJECTED, "unexpected", reason)
    finally:
        watch.end()


def _examine(item: Item, steps: Steps, upto: int) -> Examined:
    if item.remote is not None and item.remote.spooled is None:
        return _examine_described(item, item.remote, steps, upto)
    try:
        blob = open_blob(item.bytes_at)
    except NotDicomError as error:  # of a compressed file
        return Examined(item.id, Verdict.PASSED, "not-dicom", _reason(error, item))
    except DamagedError as error:
        return Examined(item.id, Verdict.NOT_LOOKED_INTO, "broken-archive", _reason(error, item))
    except (OSError, FerryError) as error:
        return Examined(item.id, Verdict.NOT_LOOKED_INTO, "unreadable", _reason(error, item))
    try:
        with open_instance(blob, item.location, item.names, item.row, steps.shapes) as instance:
            return _examine_instance(item, instance, steps, upto)
    except DicomDirError as error:
        return Examined(item.id, Verdict.PASSED, "dicomdir", _reason(error, item))
    except UnopenedError as error:
        return Examined(item.id, Verdict.NOT_LOOKED_INTO, "not-opened", _reason(error, item))
    except NotDicomError as error:
        return Examined(item.id, Verdict.PASSED, "not-dicom", _reason(error, item))
    except DamagedError as error:
        return Examined(item.id, Verdict.REJECTED, "damaged", _reason(error, item))
    except (OSError, UnreadableError) as error:
        return Examined(item.id, Verdict.NOT_LOOKED_INTO, "unreadable", _reason(error, item))


def content_digest(item: Item, watch: Watch) -> str:
    """Return a hex SHA-256 of an item's data set as it is on the disk, without the meta group.

    An instance that is still on a server is only told from those elsewhere, and from those that
    have another name there.
    """
    if item.remote is not None:
        return f"on {item.remote.server} {item.remote.key}"
    sha = hashlib.sha256()
    with open_instance(watch.open(item.location, item.id), item.location) as instance:
        for chunk in instance.data_set(instance.header).chunks():
            sha.update(chunk)
    return sha.hexdigest()


def missing_uids(ref: InstanceRef) -> list[str]:
    """Return the keywords of the UIDs an instance cannot do without and does not have."""
    return [keyword for keyword, name in _UIDS if not getattr(ref, name)]


def unchanged(item: Item) -> bool:
    """Tell whether the file behind an item still has the size and time it was planned with.

    A member of an archive has the time of the archive.
    """
    place = item.bytes_at
    status = os.stat(place.path)  # noqa: PTH116  the hot path
    if place.member:
        return status.st_mtime_ns == item.modified_ns
    return (status.st_size, status.st_mtime_ns) == (item.size, item.modified_ns)


def _examine_instance(item: Item, instance: Instance, steps: Steps, upto: int) -> Examined:
    header = instance.header
    faults = faults_of(instance)
    for fault in faults:
        if fault.code not in steps.allow and (fault.code or fault.stops):
            return Examined(item.id, Verdict.REJECTED, fault.code or "damaged", fault.text)
    facts = steps.facts.read(header, instance.transfer_syntax_uid)
    strange = not_as_asked(header, item.remote) if item.remote else ""
    if strange:
        return Examined(item.id, Verdict.REJECTED, "not-as-asked", strange, facts)
    return _judge(item, header, facts, steps, upto, faults)


def _examine_described(item: Item, remote: Remote, steps: Steps, upto: int) -> Examined:
    header = described(item, remote)
    found = _judge(item, header, steps.facts.read(header, ""), steps, upto, is_described=True)
    series = (item.source, remote.ref.study_instance_uid, remote.ref.series_instance_uid)
    if remote.candidate_of is None or series in steps.labels:
        return found
    why = f"{remote.candidate_of.member} finds several studies: choose from them in a saved plan"
    return replace(found, verdict=Verdict.EXCLUDED, code=CANDIDATE, reason=why)


def _judge(
    item: Item, header: Header, facts: Facts, steps: Steps, upto: int,
    faults: tuple[FileFault, ...] = (), *, is_described: bool = False,
) -> Examined:  # fmt: skip
    when = next((source.when for source in steps.sources if source.id == item.source), None)
    try:
        if when is not None and not when.holds(header):
            return Examined(item.id, Verdict.EXCLUDED, "excluded", "the source's when", facts)
        header = relabelled(header, item, steps.labels)
    except FerryError as error:
        return Examined(item.id, Verdict.REJECTED, "not-editable", error.message, facts)
    result = edit_and_forecast(steps, header, upto)
    match result:
        case Ready(edited, digest, forecast, notes):
            told, sent = as_sent(facts, edited)
            # As with a chosen label, half-way nobody may have written it yet.
            whole = upto == len(steps.transforms) and steps.has_xnat
            if whole and (differs := not_as_listed(item, forecast, edited.wanted)):
                return Examined(
                    item.id, Verdict.REJECTED, "forecast-mismatch", differs, facts,
                    forecast=forecast,
                )  # fmt: skip
            # A server does not tell everything of an instance: its file will.
            if reason := _lacking(facts.ref, sent, told_all=not is_described):
                return Examined(item.id, Verdict.REJECTED, "missing-uid", reason, facts)
            allowed = tuple({fault.code for fault in faults if fault.code})
            asked = upto == len(steps.transforms) and not is_described
            at_sinks = tuple(foreseen(steps.sinks, edited, forecast.destination)) if asked else ()
            return Examined(
                item.id, Verdict.READY, MENDED if faults else "",
                "; ".join(fault.text for fault in faults), told, sent,
                forecast, edited.wanted, signed(digest, item, steps.work),
                _kept(notes, facts.ref, sent)
                + references_left(header, edited, facts.ref, sent, steps.studies)
                + allowed
                + at_sinks,
            )  # fmt: skip
        case Withheld(code, why, forecast):
            verdict = Verdict.EXCLUDED if isinstance(why, Excluded) else Verdict.REJECTED
            missing = why.missing if isinstance(why, Rejected) else None
            return Examined(
                item.id, verdict, code, why.reason, facts, forecast=forecast, missing=missing
            )


def _kept(notes: tuple[str, ...], was: InstanceRef, sent: InstanceRef) -> tuple[str, ...]:
    """Return notes without that of a study that only got the UID it did not have, or has still."""
    if was.study_instance_uid in ("", sent.study_instance_uid):
        return tuple(note for note in notes if note != STUDY_RENAMED)
    return notes


def _lacking(was: InstanceRef, sent: InstanceRef, *, told_all: bool) -> str:
    """Say which UIDs an instance has neither from its file nor from the transforms so far."""
    lost = [keyword for keyword, name in _UIDS if getattr(was, name) and not getattr(sent, name)]
    if lost:
        return f"the edits leave it without {' and '.join(lost)}"
    missing = missing_uids(sent) if told_all else []
    return f"{' and '.join(missing)} missing, and no transform sets it" if missing else ""


def _reason(error: OSError | FerryError, item: Item) -> str:
    if isinstance(error, FerryError):
        return error.message.removeprefix(f"{item.location}: ")  # it is told beside the reason
    return str(error.strerror or error)
