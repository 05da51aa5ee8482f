"""`dicomferry forecast`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from msgspec import Struct

from dicomferry.cli.options.common import format_option, read_files, set_option
from dicomferry.cli.options.identified import identified_by
from dicomferry.cli.options.with_ferry import open_ferry
from dicomferry.cli.views.text import count, printable, say, show_json
from dicomferry.contract.source import Look
from dicomferry.dicom.archive import is_archive, list_members
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.pipeline.site_scripts import SiteScripts
from dicomferry.engine.workers.apart import apart_going_on
from dicomferry.errors import (
    FerryError,
    NotDicomError,
    OverLimitError,
    UnopenedError,
)
from dicomferry.model import Destination, Forecast, Location
from dicomferry.recipe.servers import XnatServer
from dicomferry.reports.forecast import (
    ForecastReport,
    LeftOutFile,
    ScriptForecast,
    script_forecast,
    study_forecast,
)
from dicomferry.xnat.filing.first_session import FirstSessions, ForecastArrival
from dicomferry.xnat.naming.classic import refused_without_uids
from dicomferry.xnat.naming.notes import GENERATIONS_DIFFER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dicomferry.contract.identifier import Identifier

_Foretold = tuple[str, Forecast, ScriptForecast | None] | LeftOutFile
"""A Study Instance UID, its forecast and what scripts make of it, or a file without a forecast."""

_FOLDER: Final = "a folder that could not be listed, or a link to one, which is not followed"


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
    """Say what XNAT would call the files in PATHS as they are, and which rule decides it.

    The exit code is 2 without any instance, and 1 where something may be one and is not forecast.
    """
    receiver = _receiver(server_file, recipe, overrides)
    report = _forecast(read_files(paths), receiver)
    if form == "json":
        show_json(report)
    else:
        say(_lines(report))
    return int(not report.complete) if report.studies else 2


class _Receiver(Struct, frozen=True):
    """How the server identifies, and its scripts where a recipe holds them."""

    identifier: Identifier
    scripts: SiteScripts | None = None


def _receiver(
    server_file: Path | None, recipe: Path | None, overrides: Mapping[str, str]
) -> _Receiver:
    from dicomferry.engine.pipeline.context import BuildContext

    if server_file is not None and recipe is not None:
        raise FerryError(
            "--server and --recipe both say how the server identifies", hint="give one"
        )
    if recipe is not None:
        ferry = open_ferry(recipe, overrides)
        context = BuildContext(ferry.recipe, ferry.plugins)
        servers = [one for one in ferry.recipe.servers.values() if isinstance(one, XnatServer)]
        scripted = len(servers) == 1 and servers[0].scripts is not None
        return _Receiver(context.identifier(), SiteScripts(servers[0]) if scripted else None)
    return _Receiver(identified_by(server_file).identifier)


def _forecast(files: list[Path], receiver: _Receiver) -> ForecastReport:
    grouped: dict[_Key, tuple[Forecast, int]] = {}
    left_out: list[LeftOutFile] = []
    sessions = FirstSessions()
    for found in apart_going_on(partial(_read, files, receiver)):
        if isinstance(found, LeftOutFile):
            left_out.append(found)
            continue
        uid, forecast, scripts = found
        if receiver.identifier.first_session_wins and not (forecast.refused or forecast.unknown):
            settled = sessions.settle(ForecastArrival(uid, forecast))
            if scripts is not None and settled.destination != forecast.destination:
                scripts = ScriptForecast(all_unknown=True)  # they ran for another session
            forecast = settled
        key = (uid, forecast.destination, forecast.refused, forecast.unknown, scripts)
        first, number = grouped.get(key, (forecast, 0))
        grouped[key] = (first, number + 1)
    studies = (study_forecast(key[0], *counted, key[-1]) for key, counted in grouped.items())
    return ForecastReport(tuple(studies), tuple(left_out))


_Key = tuple[str, Destination, str | None, str | None, ScriptForecast | None]
"""What one line of the report is of: a study, a forecast, and what scripts make of it."""


def _read(files: list[Path], receiver: _Receiver, look: Look) -> Iterator[_Foretold]:
    """Yield what is forecast of files; what does not answer is left out."""
    for file in files:
        try:
            look(str(file))
            for location in _locations(file):
                look(str(location))
                if isinstance(location, Location):
                    yield _forecast_of(location, receiver)
                else:
                    yield location
        except TimeoutError as error:
            yield LeftOutFile(str(file), f"{error.strerror or error}", settled=False)


def _forecast_of(location: Location, receiver: _Receiver) -> _Foretold:
    try:
        with open_instance(open_blob(location), location) as instance:
            header = instance.header
        forecast = refused_without_uids(header) or receiver.identifier.forecast(header)
        scripts = _scripted(header, forecast, receiver.scripts)
    except (OSError, FerryError) as error:
        return _left_out(location, error)
    except OverLimitError as error:
        return LeftOutFile(str(location), str(error), settled=False)
    return header.ref.study_instance_uid, forecast, scripts


def _scripted(
    header: Header, forecast: Forecast, scripts: SiteScripts | None
) -> ScriptForecast | None:
    if scripts is None or forecast.refused or forecast.unknown:
        return None
    return script_forecast(scripts.run(header, forecast.destination))


def _locations(file: Path) -> Iterator[Location | LeftOutFile]:
    """Yield where instances of a file may be, and what of an archive cannot be opened."""
    archive = Location(str(file))
    if file.is_dir():
        yield LeftOutFile(str(archive), _FOLDER, settled=False)
        return
    if not (file.is_file() and is_archive(archive.path)):
        yield archive
        return
    try:
        for member in list_members(archive.path):
            place = Location(archive.path, member.name)
            left_out = LeftOutFile(str(place), member.reason, settled=member.settled)
            yield left_out if member.code else place
    except (OSError, FerryError) as error:
        yield _left_out(archive, error)


def _left_out(location: Location, error: OSError | FerryError) -> LeftOutFile:
    settled = isinstance(error, NotDicomError) and not isinstance(error, UnopenedError)
    if isinstance(error, FerryError):
        reason = error.message.removeprefix(f"{location}: ")
    else:
        reason = error.strerror or str(error)
    return LeftOutFile(str(location), reason, settled=settled)


def _script_lines(scripts: ScriptForecast | None) -> Iterator[str]:
    if scripts is None:
        return
    for keyword, value in scripts.sets:
        yield f"  stored with {keyword} '{printable(value)}'"
    for keyword in scripts.deletes:
        yield f"  stored without {keyword}"
    if scripts.unknown or scripts.all_unknown:
        told = ", ".join((*scripts.unknown, *(["others"] if scripts.all_unknown else [])))
        yield f"  what the server's scripts make of {told} cannot be told"


def _lines(report: ForecastReport) -> Iterator[str]:
    for study in report.studies:
        uid, because = study.study_instance_uid, study.because
        yield f"study {uid or '(no StudyInstanceUID)'}: {count(study.instances, 'instance')}"
        if study.refused:
            yield f"  refused: {printable(study.refused)}"
            continue
        if study.unknown:
            yield f"  cannot be told: {printable(study.unknown)}"
            continue
        yield f"  project  {study.project or 'Unassigned'}   (by {because.project})"
        yield f"  subject  {study.subject or '(none)'}   (by {because.subject})"
        yield f"  session  {study.session}   (by {because.session})"
        yield f"  auto-archive: {study.auto_archive}"
        yield from _script_lines(study.scripts)
        for note in study.notes:
            code, _, both = note.partition(":")
            if code == GENERATIONS_DIFFER:
                older = both.partition("|")[2]
                yield f"  up to XNAT 1.9: {older}   (name the server's with identification: xnat:)"
    for file in report.left_out:
        yield f"left out: {file.location}: {file.reason}"
