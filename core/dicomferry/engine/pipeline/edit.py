"""One instance's way through the transforms and the forecast, the same in plan and delivery."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.contract.identifier import Identifier
from dicomferry.contract.transform import Preparing
from dicomferry.dicom.edits import Edits
from dicomferry.dicom.header import Header
from dicomferry.dicom.reads import Trace
from dicomferry.engine.pipeline.chosen_labels import CHOSEN_PLAN, keep_chosen
from dicomferry.engine.pipeline.memory import RememberedEdit
from dicomferry.engine.pipeline.references import STUDY_INSTANCE_UID, STUDY_RENAMED
from dicomferry.engine.pipeline.steps import NO_XNAT, Steps, TransformStep
from dicomferry.errors import DamagedError, EditError, FerryError, MissingValueError, TemplateError
from dicomferry.log import log_bug
from dicomferry.model import LEVELS, Excluded, Forecast, Rejected, Wanted

LABELS_ASKED: Final = "labels-asked"
"""The note of an instance for which a transform asks for labels."""


class Ready(Struct, frozen=True):
    """An edited instance that may go where the forecast says."""

    header: Header
    digest: str
    forecast: Forecast
    notes: tuple[str, ...] = ()
    """What the transforms ask the plan to warn of, see `Edits`."""


class Withheld(Struct, frozen=True):
    """An instance that may not go, with a stable code for the reason."""

    code: str
    why: Excluded | Rejected
    forecast: Forecast | None = None


def edit_and_forecast(steps: Steps, header: Header, upto: int) -> Ready | Withheld:
    """Apply the first `upto` transforms and forecast the result.

    An instance is ready only where every receiving XNAT agrees on one destination and, if a
    chosen plan or a transform asked for labels, on those. Raises `FerryError` where a
    transform stops the run.
    """
    memory = steps.memory
    if memory is None or not memory.pays or header.laid:
        return _worked_out(steps, header, upto)
    known = memory.recall(header)
    if known is None:
        trace = Trace()
        result = _worked_out(steps, header.traced(trace), upto)
        if isinstance(result, Withheld):
            return result
        edited, digest, forecast = result.header, result.digest, result.forecast
        known = RememberedEdit(edited.laid, edited.wanted, digest, forecast, result.notes)
        memory.keep(header, trace, known)
    if known.laid or known.wanted is not header.wanted:
        header = header.with_laid(known.laid, known.wanted)
    return Ready(header, known.digest, known.forecast, known.notes)


def _worked_out(steps: Steps, header: Header, upto: int) -> Ready | Withheld:
    sha, chosen = hashlib.sha256(), header.wanted
    asker = ""
    watch = steps.watch
    notes: tuple[str, ...] = ()
    renamed = False
    for step in steps.transforms[:upto]:
        watch.at = step.path
        try:
            if step.when is not None and not step.when.holds(header):
                continue
            answer = _ask(step, header)
            if not isinstance(answer, Edits):
                reason = f"{step.path}: {answer.reason}"
                if isinstance(answer, Excluded):
                    return Withheld("excluded", Excluded(reason))
                return Withheld(answer.code or "rejected", replace(answer, reason=reason))
            sha.update(answer.digest().encode())
            notes += answer.notes
            if answer.wanted is not None:
                asker = step.name
                answer = replace(answer, wanted=keep_chosen(answer.wanted, chosen))
            before = header.laid.get(STUDY_INSTANCE_UID)
            header = header.edited(answer)
            if header.laid.get(STUDY_INSTANCE_UID) is not before:
                # What knows all instances takes references along.
                renamed = not isinstance(step.transform, Preparing)
        except MissingValueError as error:
            why = f"{step.path}: {error.message}: {error.hint}"
            return Withheld("value-missing", Rejected(why))
        except (TemplateError, EditError, DamagedError) as error:
            remedy = f": {error.hint}" if error.hint else ""
            return Withheld("not-editable", Rejected(f"{step.path}: {error.message}{remedy}"))
    if asker:
        notes += (LABELS_ASKED,)
    if renamed:
        notes += (STUDY_RENAMED,)
    # A chosen label counts in the end: half-way nobody may have written it yet.
    wanted = header.wanted if asker or upto == len(steps.transforms) else None
    watch.at = "the rules of the receiver"
    result = _forecast(steps.identifiers, header, sha.hexdigest(), wanted, asker)
    return replace(result, notes=notes) if notes and isinstance(result, Ready) else result


def _ask(step: TransformStep, header: Header) -> Edits | Excluded | Rejected:
    try:
        return step.transform.edit(header)
    except (FerryError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  a stranger's bug holds back one instance, not the run
        log_bug(error, f"{step.path} raised")
        return Rejected(f"its plug-in raised {type(error).__name__}")


def _forecast(
    identifiers: Sequence[tuple[str, Identifier]],
    header: Header,
    digest: str,
    wanted: Wanted | None,
    asker: str,
) -> Ready | Withheld:
    forecasts = [(name, identifier.forecast(header)) for name, identifier in identifiers]
    first_name, first = forecasts[0]
    if first_name == NO_XNAT:
        return Ready(header, digest, _as_asked(first, wanted))
    for name, forecast in forecasts:
        if forecast.refused is not None:
            reason = f"XNAT {name} would refuse it: {forecast.refused}"
            return Withheld("refused-by-xnat", Rejected(reason), forecast)
        if forecast.unknown is not None:
            reason = f"what XNAT {name} would make of it cannot be told: {forecast.unknown}"
            return Withheld("forecast-unknown", Rejected(reason), forecast)
        if forecast.destination != first.destination:
            reason = f"{first_name} and {name} would file it differently"
            return Withheld("servers-disagree", Rejected(reason), first)
    if wanted is not None and (mismatch := _mismatch(wanted, asker, first)):
        return Withheld("forecast-mismatch", Rejected(mismatch), first)
    return Ready(header, digest, first)


def _as_asked(forecast: Forecast, wanted: Wanted | None) -> Forecast:
    """Return a forecast with the labels that a recipe without an XNAT asks for."""
    asked = {} if wanted is None else {level: getattr(wanted, level) for level in LEVELS}
    told = {level: label for level, label in asked.items() if label is not None}
    if not told and forecast.refused is None and forecast.unknown is None:
        return forecast
    return replace(
        forecast, destination=replace(forecast.destination, **told), refused=None, unknown=None
    )


def _mismatch(wanted: Wanted, asker: str, forecast: Forecast) -> str:
    for level in LEVELS:
        asked: str | None = getattr(wanted, level)
        coming: str | None = getattr(forecast.destination, level)
        if asked is not None and asked != coming:
            rule = getattr(forecast.because, level)
            who = CHOSEN_PLAN if level in wanted.chosen else asker
            return (
                f"{who} asks for {level} '{asked}', but XNAT will take"
                f" '{coming or 'none'}' (by {rule})"
            )
    return ""
