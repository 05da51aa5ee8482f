"""Examine every server of a recipe, and the disk of this machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from dicomferry.dimse import echo
from dicomferry.engine.doctor.checks import tried
from dicomferry.engine.doctor.identification import SettingDifference
from dicomferry.engine.doctor.site import SiteExaminer
from dicomferry.engine.doctor.write import write_live
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.servers import site_of
from dicomferry.errors import FerryError
from dicomferry.host import Plugins
from dicomferry.log import log_bug
from dicomferry.model import Check, CheckState
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.servers import XnatScripts, XnatServer
from dicomferry.xnat.rest import RestClient

_LITTLE: Final = 5 * 10**9
"""Free bytes below which the doctor warns of a full disk."""


class Examination(Struct):
    """All checks; `doctor --write` puts each server's `differences` and `scripts` into the recipe.

    `scripts` has the servers of which the recipe holds other scripts.
    """

    checks: list[Check] = field(default_factory=list)
    differences: dict[str, list[SettingDifference]] = field(default_factory=dict)
    scripts: dict[str, XnatScripts] = field(default_factory=dict)


def diagnose(
    file: Path, recipe: Recipe, plugins: Plugins, state: Path, *, write: bool
) -> tuple[list[Check], int]:
    """Return the checks of a recipe's servers, and how many values were written into its `file`.

    With `write`, an XNAT's own rules and scripts are put there where they differ. Raises
    `FerryError` for a recipe without servers, and where the file cannot be written.
    """
    if not recipe.servers:
        raise FerryError(f"{file}: the recipe has no servers", hint="there is nothing to ask")
    found = examine_servers(recipe, BuildContext(recipe, plugins), state)
    differ = write and (any(found.differences.values()) or bool(found.scripts))
    return found.checks, write_live(file, found.differences, found.scripts) if differ else 0


def examine_servers(recipe: Recipe, context: BuildContext, state: Path) -> Examination:
    """Examine every server, and the disk of `state`. Never raises for what a server does."""
    found = Examination()
    for name, server in recipe.servers.items():
        if isinstance(server, XnatServer):
            found.checks.append(_echo(name, server, context))
            _examine_site(recipe, name, server, context, found)
        else:
            found.checks += _checked(name, server, context)
    found.checks += _disk(state)
    return found


def _checked(name: str, server: object, context: BuildContext) -> list[Check]:
    """Return the checks of the plug-in that offers the kind of this server."""
    found: list[Check] = []
    kind = context.kind_of(server)
    if kind is None or kind.check is None:
        what = kind.name if kind else "server"
        return [Check(name, what, CheckState.UNKNOWN, "no plug-in can look at this kind of server")]
    try:
        found += kind.check(name, server, context)
    except FerryError as error:
        found.append(Check(name, kind.name, CheckState.FAILED, error.message, error.hint))
    except Exception as error:  # noqa: BLE001  a stranger's bug must not hide the other servers
        log_bug(error, f"the check of a server of the kind {kind.name} raised")
        message = f"its check raised {type(error).__name__}; see the log"
        found.append(Check(name, kind.name, CheckState.UNKNOWN, message))
    return found


def _echo(name: str, server: XnatServer, context: BuildContext) -> Check:
    def look() -> str:
        peer = context.peer(server.dicom)
        echo(peer)
        return f"{peer} answers {peer.calling_ae_title}"

    return tried(name, "C-ECHO", look)


def _examine_site(
    recipe: Recipe, name: str, server: XnatServer, context: BuildContext, found: Examination
) -> None:
    if server.rest is None:
        hint = 'add rest: {url: https://HOST, login: "${netrc:HOST}"}'
        check = Check(name, "REST", CheckState.UNKNOWN, "the server has no rest: block", hint)
        found.checks.append(check)
        return
    try:
        site = site_of(server.rest, context)
    except FerryError as error:
        found.checks.append(Check(name, "REST", CheckState.FAILED, error.message, error.hint))
        return
    with RestClient(site) as client:
        examiner = SiteExaminer(recipe, name, server, client)
        found.checks += examiner.checks()
        found.differences[name] = examiner.differences
        if examiner.scripts is not None:
            found.scripts[name] = examiner.scripts


def _disk(state: Path) -> Iterator[Check]:
    folder = next((one for one in (state, *state.parents) if one.is_dir()), None)
    if folder is None:
        return
    free = shutil.disk_usage(folder).free
    level = CheckState.OK if free >= _LITTLE else CheckState.WARNING
    yield Check("here", "disk", level, f"{free / 10**9:,.1f} GB free for the state folder")
