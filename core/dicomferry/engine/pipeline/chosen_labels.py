"""Lays the labels of a chosen plan: the engine writes what the recipe's transforms did not."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.contract.identifier import Identifier
from dicomferry.dicom.edits import Edits
from dicomferry.dicom.header import Header
from dicomferry.engine.pipeline.steps import Steps, TransformStep
from dicomferry.ledger.planning.chosen_labels import Labels
from dicomferry.model import LEVELS, Rejected, Wanted
from dicomferry.xnat.naming.assignment import Key, assigned
from dicomferry.xnat.writing import PATIENT_COMMENTS, write_labels

CHOSEN_PLAN = "the chosen plan"
"""Who asks for a chosen label, and the path of the step that lays it."""


def with_chosen_labels(steps: Steps, labels: Labels) -> Steps:
    """Return the steps that call series by `labels`; without any, they are as they were.

    The labels are laid before the first transform that must know where everything goes, and again
    behind the last transform. Where a transform has written them already, nothing is laid: the
    edits, and what the ledger knows them by, are the transform's alone.
    """
    if not labels:
        return steps
    identifiers = tuple(identifier for _, identifier in steps.identifiers)
    lay = TransformStep(CHOSEN_PLAN, LayLabels(identifiers), LabelsMissing(identifiers))
    at = next(iter(steps.preparing), len(steps.transforms))
    before, behind = steps.transforms[:at], steps.transforms[at:]
    last = (lay,) if behind else ()
    return replace(steps, labels=labels, transforms=(*before, lay, *behind, *last))


def keep_chosen(asked: Wanted, chosen: Wanted | None) -> Wanted:
    """Return what a transform asks for, with the chosen labels in the place of its own."""
    if chosen is None or asked.chosen == chosen.chosen:
        return asked
    labels = {level: getattr(chosen, level) for level in chosen.chosen}
    return replace(asked, **labels, chosen=chosen.chosen)


class LabelsMissing(Struct, frozen=True):
    """Holds for an instance that a receiving XNAT would not file under its chosen labels."""

    identifiers: tuple[Identifier, ...]

    def holds(self, header: Header) -> bool:
        """Return whether a chosen label is still to be written."""
        wanted = header.wanted
        if wanted is None or not wanted.chosen:
            return False
        places = [identifier.forecast(header).destination for identifier in self.identifiers]
        return any(
            getattr(place, level) != getattr(wanted, level)
            for place in places
            for level in wanted.chosen
        )


class LayLabels(Struct, frozen=True):
    """Writes all labels that are asked for, the chosen ones and those of a transform before it.

    They go into the comment where every receiving XNAT reads it, otherwise into the fields of each;
    the forecast tells where the fields of several XNATs are at odds.
    """

    identifiers: tuple[Identifier, ...]

    def edit(self, header: Header) -> Edits | Rejected:
        """Write the labels; reject an instance whose label cannot be written."""
        wanted = header.wanted or Wanted()
        texts = {level: text for level in LEVELS if (text := getattr(wanted, level)) is not None}
        if not all(identifier.reads_comments for identifier in self.identifiers):
            return _only_items(write_labels(texts, self.identifiers, "fields"))
        auto_archive = _auto_archive(header)
        return _only_items(write_labels(texts, self.identifiers, "comments", auto_archive))


def _only_items(edits: Edits | Rejected) -> Edits | Rejected:
    # What is asked for stays as the transforms have left it: nothing is asked for anew here.
    return edits if isinstance(edits, Rejected) else Edits(edits.items)


def _auto_archive(header: Header) -> bool | None:
    """Return what the comment that is written over says of automatic archiving."""
    said = assigned(Key.AA, header.text(PATIENT_COMMENTS) or "")
    return {"true": True, "t": True, "false": False, "f": False}.get((said or "").lower())
