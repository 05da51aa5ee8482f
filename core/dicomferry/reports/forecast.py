"""What XNAT would call files, study by study."""

from __future__ import annotations

from msgspec import Struct

from dicomferry.model import AutoArchive, Because, Forecast


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
        told = all(study.unknown is None for study in self.studies)
        return told and all(file.settled for file in self.left_out)


def study_forecast(uid: str, forecast: Forecast, instances: int) -> StudyForecast:
    """Return one forecast for so many instances of a study as a record."""
    place = forecast.destination
    return StudyForecast(
        uid, instances, place.project, place.subject, place.session,
        forecast.auto_archive, forecast.because, forecast.refused, forecast.unknown,
        forecast.notes,
    )  # fmt: skip
