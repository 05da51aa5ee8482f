"""`dicomferry forecast`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from dicomferry.cli.options.common import (
    find_plugins,
    format_option,
    read_files,
    read_identification,
    set_option,
)
from dicomferry.cli.options.with_ferry import open_ferry
from dicomferry.cli.views.text import count, printable, say, show_json
from dicomferry.dicom.archive import is_archive, list_members
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.errors import DamagedError, FerryError, NotDicomError
from dicomferry.model import AutoArchive, Because, Destination, Forecast, Location
from dicomferry.xnat.filing.first_session import FirstSessions, ForecastArrival

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dicomferry.contract.identifier import Identifier


class StudyForecast(Struct, frozen=True):
    """What XNAT would make of so many instances of one study, and which rules decide it."""

    study_instance_uid: str
    instances: int
    project: str | None
    subject: str | None
    session: str
    auto_archive: AutoArchive
    because: Because
    refused: str | None


Grouped = dict[tuple[str, Destination, str | None], tuple[Forecast, int]]


@click.command("forecast")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--server", "server_file", type=click.Path(path_type=Path, dir_okay=False),
    help="YAML file with one `identification:` mapping: how the server identifies.",
)  # fmt: skip
@click.option(
    "--recipe", "recipe", type=click.Path(path_type=Path, dir_okay=False),
    help="Recipe whose XNAT server identifies; its transforms are not applied.",
)  # fmt: skip
@set_option
@format_option
def command(
    paths: tuple[Path, ...],
    server_file: Path | None,
    recipe: Path | None,
    overrides: Mapping[str, str],
    form: str,
) -> int:
    """Say what XNAT would call the files in PATHS as they are, and which rule decides it."""
    identifier = _identifier(server_file, recipe, overrides)
    grouped, left_out = _forecast(read_files(paths), identifier)
    if form == "json":
        studies = [_record(uid, *counted) for (uid, *_), counted in grouped.items()]
        listed = [{"location": str(where), "reason": reason} for where, reason in left_out]
        show_json({"studies": studies, "left_out": listed})
    else:
        say(_lines(grouped))
        say(f"left out: {where}: {reason}" for where, reason in left_out)
    return 0 if grouped else 2


def _identifier(
    server_file: Path | None, recipe: Path | None, overrides: Mapping[str, str]
) -> Identifier:
    from dicomferry.engine.pipeline.context import BuildContext, LooseContext

    if server_file is not None and recipe is not None:
        raise FerryError(
            "--server and --recipe both say how the server identifies", hint="give one"
        )
    if recipe is not None:
        ferry = open_ferry(recipe, overrides)
        return BuildContext(ferry.recipe, ferry.plugins).identifier()
    plugins = find_plugins()
    context = LooseContext(Path.cwd(), plugins)
    if server_file is None:
        return context.identifier()
    return context.identifier_of(read_identification(server_file, plugins))


def _forecast(
    files: list[Path], identifier: Identifier
) -> tuple[Grouped, list[tuple[Location, str]]]:
    grouped: Grouped = {}
    left_out: list[tuple[Location, str]] = []
    sessions = FirstSessions()
    for location in _locations(files):
        try:
            with open_instance(open_blob(location), location) as instance:
                header = instance.header
        except (NotDicomError, DamagedError) as error:
            left_out.append((location, error.message))
            continue
        except OSError as error:
            left_out.append((location, error.strerror or str(error)))
            continue
        forecast = _settled(header, identifier, sessions)
        key = (header.ref.study_instance_uid, forecast.destination, forecast.refused)
        first, number = grouped.get(key, (forecast, 0))
        grouped[key] = (first, number + 1)
    return grouped, left_out


def _settled(header: Header, identifier: Identifier, sessions: FirstSessions) -> Forecast:
    forecast = identifier.forecast(header)
    if not identifier.first_session_wins or forecast.refused:
        return forecast
    return sessions.settle(ForecastArrival(header.ref.study_instance_uid, forecast))


def _locations(files: list[Path]) -> Iterator[Location]:
    for file in files:
        if file.is_file() and is_archive(str(file)):
            yield from (Location(str(file), member) for member, _ in list_members(str(file)))
        else:
            yield Location(str(file))


def _record(uid: str, forecast: Forecast, number: int) -> StudyForecast:
    place = forecast.destination
    return StudyForecast(
        uid, number, place.project, place.subject, place.session,
        forecast.auto_archive, forecast.because, forecast.refused,
    )  # fmt: skip


def _lines(grouped: Grouped) -> Iterator[str]:
    for (uid, *_), (forecast, number) in grouped.items():
        yield f"study {uid or '(no StudyInstanceUID)'}: {count(number, 'instance')}"
        if forecast.refused:
            yield f"  refused: {printable(forecast.refused)}"
            continue
        place, because = forecast.destination, forecast.because
        yield f"  project  {place.project or 'Unassigned'}   (by {because.project})"
        yield f"  subject  {place.subject or '(none)'}   (by {because.subject})"
        yield f"  session  {place.session}   (by {because.session})"
        yield f"  auto-archive: {forecast.auto_archive}"
