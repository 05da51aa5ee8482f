"""What XNAT would call files, study by study."""

from __future__ import annotations

from msgspec import Struct

from dicomferry.dicom.dictionary import keyword_of
from dicomferry.dicom.edits import Delete, Set
from dicomferry.model import AutoArchive, Because, Forecast
from dicomferry.xnat.scripts.running import Outcome


class ScriptForecast(Struct, frozen=True):
    """What the site's scripts make of instances once they are identified.

    `sets` has the elements that get a text, `deletes` those that go. What becomes of the elements
    in `unknown` cannot be told, and with `all_unknown` not of any other that `sets` and `deletes`
    do not name.
    """

    sets: tuple[tuple[str, str], ...] = ()
    deletes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    all_unknown: bool = False


class StudyForecast(Struct, frozen=True):
    """What XNAT would make of so many instances of one study, and which rules decide it.

    `refused` is why XNAT would not take them, `unknown` why that cannot be told; `notes` are codes
    of what a plan would warn of.
    """

    study_instance_uid: str
    instances: int
    project: str | None
    subject: str | None
    session: str
    auto_archive: AutoArchive
    because: Because
    refused: str | None
    unknown: str | None
    notes: tuple[str, ...]
    scripts: ScriptForecast | None = None
    """None where the recipe holds no scripts of the server."""

    @property
    def told(self) -> bool:
        """Tell whether neither the labels nor what the scripts do is unknown."""
        scripts = self.scripts
        return self.unknown is None and not (scripts and (scripts.unknown or scripts.all_unknown))


class LeftOutFile(Struct, frozen=True):
    """One file without a forecast, and why; `settled` when it is known to be no instance."""

    location: str
    reason: str
    settled: bool = True


class ForecastReport(Struct, frozen=True):
    """Every study of the files, and the files that hold no instance."""

    studies: tuple[StudyForecast, ...]
    left_out: tuple[LeftOutFile, ...]

    @property
    def complete(self) -> bool:
        """Tell whether everything is forecast that may be an instance."""
        told = all(study.told for study in self.studies)
        return told and all(file.settled for file in self.left_out)


def script_forecast(outcome: Outcome) -> ScriptForecast:
    """Return what the scripts make of an instance as a record."""
    edits = list(outcome.edits)
    return ScriptForecast(
        tuple((keyword_of(one.path[0]), str(one.value)) for one in edits if isinstance(one, Set)),
        tuple(keyword_of(one.path[0]) for one in edits if isinstance(one, Delete)),
        tuple(map(keyword_of, sorted(outcome.doubtful))),
        outcome.all_doubtful,
    )


def study_forecast(
    uid: str, forecast: Forecast, instances: int, scripts: ScriptForecast | None = None
) -> StudyForecast:
    """Return one forecast for so many instances of a study as a record."""
    place = forecast.destination
    return StudyForecast(
        uid, instances, place.project, place.subject, place.session,
        forecast.auto_archive, forecast.because, forecast.refused, forecast.unknown,
        forecast.notes, scripts,
    )  # fmt: skip
