"""Carry one instance through a recipe without a source, a ledger or a receiver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.contract.transform import Preparing, StudyAt
from dicomferry.dicom.changes import AttributeChange, changes
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.edit import Ready, Withheld, edit_and_forecast
from dicomferry.engine.pipeline.examine import missing_uids
from dicomferry.engine.pipeline.steps import Steps, build_steps
from dicomferry.errors import FerryError
from dicomferry.host import Plugins
from dicomferry.model import Destination, Excluded, Forecast, Location, Rejected
from dicomferry.recipe.recipe import Recipe


class Carried(Struct, frozen=True):
    """What the recipe makes of an instance: `after` with a `forecast`, or `held` with a reason."""

    before: Header
    after: Header | None = None
    forecast: Forecast | None = None
    held: Excluded | Rejected | None = None

    @property
    def changes(self) -> tuple[AttributeChange, ...]:
        """The attributes that the transforms changed; empty when the instance is held back."""
        return tuple(changes(self.before, self.after)) if self.after is not None else ()


class _SecretlessContext(BuildContext):
    """Leaves secrets unresolved: a trial must run on a machine that has none."""

    def secret(self, reference: str) -> str:
        return reference


class Bench:
    """The transforms and identifiers of one recipe, built to try instances on.

    Raises `FerryError` when a component cannot be built, for example for a missing table.
    """

    def __init__(self, recipe: Recipe, plugins: Plugins) -> None:
        self._recipe = recipe
        self._plugins = plugins
        self._steps = self._build()

    def carry(self, header: Header) -> Carried:
        """Carry one instance; a reason that holds it back is in the answer, and never raised."""
        # A preparing transform keeps state: build a fresh one per instance.
        steps = self._build() if self._steps.preparing else self._steps
        try:
            refusal = self._refused_by_sources(header)
            return _held(header, refusal) if refusal else self._edited(steps, header)
        except FerryError as error:
            return _held(header, Rejected(error.message))

    def _build(self) -> Steps:
        return build_steps(
            replace(self._recipe, sources=()),
            self._plugins,
            _SecretlessContext(self._recipe, self._plugins),
        )

    def _edited(self, steps: Steps, header: Header) -> Carried:
        for position in steps.preparing:
            transform = steps.transforms[position].transform
            if isinstance(transform, Preparing):
                transform.prepare(
                    _OneInstanceCatalog(header, edit_and_forecast(steps, header, position))
                )
        result = edit_and_forecast(steps, header, len(steps.transforms))
        if isinstance(result, Withheld):
            return Carried(header, forecast=result.forecast, held=result.why)
        lost = missing_uids(result.header.ref)
        if lost:
            return _held(header, Rejected(f"it is sent without {' and '.join(lost)}"))
        whens = [sink.when for sink in steps.sinks]
        if not any(when is None or when.holds(result.header) for when in whens):
            return _held(header, Excluded("the sinks' when"))
        return Carried(header, result.header, result.forecast)

    def _refused_by_sources(self, header: Header) -> Excluded | None:
        whens = [step.when for step in self._recipe.sources]
        if any(when is None or when.holds(header) for when in whens):
            return None
        return Excluded("the source's when")


def _held(header: Header, why: Excluded | Rejected) -> Carried:
    return Carried(header, held=why)


class _OneInstanceCatalog(Struct, frozen=True):
    """The `Catalog` that a preparing transform sees: one instance."""

    header: Header
    result: Ready | Withheld

    def studies(self) -> Iterator[StudyAt]:
        """Yield the study of the instance, unless the transforms hold it back."""
        if isinstance(self.result, Ready):
            date = self.header.text("StudyDate") or ""
            destination = self.result.forecast.destination
            yield StudyAt(self.header.ref.study_instance_uid, destination, date, 1)

    def stored_studies(self) -> Iterator[StudyAt]:
        """Yield nothing: no sink has anything in a test."""
        yield from ()

    def destinations_of_series(self, series_instance_uid: str) -> tuple[Destination, ...]:
        """Return the destination of the instance's own series; empty for another series."""
        own = series_instance_uid == self.header.ref.series_instance_uid
        return (self.result.forecast.destination,) if own and isinstance(self.result, Ready) else ()


@contextmanager
def header_of(path: Path) -> Iterator[Header]:
    """Open a file's header; raises `FerryError` for a file that is no whole instance."""
    location = Location(str(path))
    with open_instance(open_blob(location), location) as instance:
        instance.check()
        yield instance.header
