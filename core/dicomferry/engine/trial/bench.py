"""One instance carried through a recipe without a source, a ledger or a receiver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.component import Preparing, StudyAt
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
    """What became of an instance: sent to `forecast` as `after`, or held back for a reason."""

    before: Header
    after: Header | None = None
    forecast: Forecast | None = None
    held: Excluded | Rejected | None = None

    @property
    def changes(self) -> tuple[AttributeChange, ...]:
        """What was changed in it; nothing when it is not sent."""
        return tuple(changes(self.before, self.after)) if self.after is not None else ()


class _Stranger(BuildContext):
    """Gives components what they ask for, but no secret: a trial must run without any."""

    def secret(self, reference: str) -> str:
        return reference


class Bench:
    """A recipe's transforms and identifiers, to try instances on; a trial touches nothing else.

    Raises `FerryError` when a component cannot be built, a table it reads is missing, say.
    """

    def __init__(self, recipe: Recipe, plugins: Plugins) -> None:
        self._recipe = recipe
        self._plugins = plugins
        self._stages = self._build()

    def carry(self, header: Header) -> Carried:
        """Carry one instance; everything that keeps it from being sent is in the answer."""
        missing = missing_uids(header.ref)
        if missing:
            return _held(header, Rejected(f"{' and '.join(missing)} missing"))
        # A preparing transform keeps state: build a fresh one per instance.
        steps = self._build() if self._stages.preparing else self._stages
        try:
            refusal = self._refused_by_sources(header)
            return _held(header, refusal) if refusal else self._edited(steps, header)
        except FerryError as error:
            return _held(header, Rejected(error.message))

    def _build(self) -> Steps:
        return build_steps(
            replace(self._recipe, sources=()), self._plugins, _Stranger(self._recipe, self._plugins)
        )

    def _edited(self, steps: Steps, header: Header) -> Carried:
        for position in steps.preparing:
            transform = steps.transforms[position].transform
            if isinstance(transform, Preparing):
                transform.prepare(_Alone(header, edit_and_forecast(steps, header, position)))
        result = edit_and_forecast(steps, header, len(steps.transforms))
        if isinstance(result, Withheld):
            return Carried(header, forecast=result.forecast, held=result.why)
        lost = missing_uids(result.header.ref)
        if lost:
            return _held(header, Rejected(f"the edits leave it without {' and '.join(lost)}"))
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


class _Alone(Struct, frozen=True):
    """The catalog of one instance."""

    header: Header
    result: Ready | Withheld

    def studies(self) -> Iterator[StudyAt]:
        """Yield its study, where it is sent at all."""
        if isinstance(self.result, Ready):
            date = self.header.text("StudyDate") or ""
            destination = self.result.forecast.destination
            yield StudyAt(self.header.ref.study_instance_uid, destination, date, 1)

    def destinations_of_series(self, series_instance_uid: str) -> tuple[Destination, ...]:
        """Return where its series goes."""
        own = series_instance_uid == self.header.ref.series_instance_uid
        return (self.result.forecast.destination,) if own and isinstance(self.result, Ready) else ()


@contextmanager
def header_of(path: Path) -> Iterator[Header]:
    """Open a file's header; raises `FerryError` for what is no whole instance."""
    location = Location(str(path))
    with open_instance(open_blob(location), location) as instance:
        instance.check()
        yield instance.header
