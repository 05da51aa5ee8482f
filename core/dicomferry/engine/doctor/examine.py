"""Every server of a recipe looked at, one thing after another."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from dicomferry.dimse import echo
from dicomferry.engine.doctor.checks import Check, CheckState, tried
from dicomferry.engine.doctor.identification import SettingDifference
from dicomferry.engine.doctor.pacs import PacsExaminer
from dicomferry.engine.doctor.site import SiteExaminer
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.servers import peer_of, site_of
from dicomferry.errors import FerryError
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.servers import PacsServer, XnatServer
from dicomferry.xnat.rest import RestClient

_LITTLE: Final = 5 * 10**9
"""Bytes below which a disk is told to be nearly full."""


class Examination(Struct):
    """What was found; `differences` by server are what `--write` puts into the recipe."""

    checks: list[Check] = field(default_factory=list)
    differences: dict[str, list[SettingDifference]] = field(default_factory=dict)


def examine_servers(recipe: Recipe, context: BuildContext, state: Path) -> Examination:
    """Look at every server, and at the disk here. Never raises for what a server does."""
    found = Examination()
    for name, server in recipe.servers.items():
        heard = _echo(name, server, context)
        found.checks.append(heard)
        if isinstance(server, XnatServer):
            _examine_site(recipe, name, server, context, found)
        elif heard.state is CheckState.OK:
            found.checks += PacsExaminer(name, server, context).checks()
    found.checks += _disk(state)
    return found


def _echo(name: str, server: PacsServer | XnatServer, context: BuildContext) -> Check:
    def look() -> str:
        peer = peer_of(server, context)
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


def _disk(state: Path) -> Iterator[Check]:
    folder = next((one for one in (state, *state.parents) if one.is_dir()), None)
    if folder is None:
        return
    free = shutil.disk_usage(folder).free
    level = CheckState.OK if free >= _LITTLE else CheckState.WARNING
    yield Check("here", "disk", level, f"{free / 10**9:,.1f} GB free for the state folder")
