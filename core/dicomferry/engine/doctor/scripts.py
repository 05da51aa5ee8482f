"""Compare an XNAT's anonymization scripts with those that the recipe holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct, field

from dicomferry.dicom.tags import keyword_of
from dicomferry.model import CheckState
from dicomferry.recipe.servers import XnatScripts, XnatServer
from dicomferry.xnat.rest.settings import SettingsReader
from dicomferry.xnat.scripts.parsing import read_script


class LiveScripts(Struct, frozen=True):
    """The scripts that an XNAT runs now; `hidden` are the owners whose script the login cannot see.

    Owners are `site` and the IDs of projects. `texts` has no script that is off.
    """

    texts: dict[str, str]
    hidden: tuple[str, ...] = field(default=())

    @property
    def declared(self) -> XnatScripts:
        """Return them as a recipe holds them."""
        projects = {owner: text for owner, text in self.texts.items() if owner != SITE}
        return XnatScripts(site=self.texts.get(SITE, ""), projects=projects)


SITE: Final = "site"
"""The owner of the site's own script."""

_WRITE = "dicomferry doctor --write keeps the server's scripts in the recipe"
_HINTS: Final = {
    CheckState.WARNING: "what becomes of the elements that it touches cannot be told",
    CheckState.DIFFERS: _WRITE,
    CheckState.UNKNOWN: "ask with an administrator's login to learn it",
}


def live_scripts(
    settings: SettingsReader, projects: Iterable[str], *, receiver_anonymizes: bool
) -> LiveScripts:
    """Ask an XNAT for its scripts; a receiver may go without the site's."""
    texts: dict[str, str | None] = {SITE: settings.site_script() if receiver_anonymizes else ""}
    texts.update((project, settings.project_script(project)) for project in projects)
    return LiveScripts(
        {owner: text for owner, text in texts.items() if text},
        tuple(owner for owner, text in texts.items() if text is None),
    )


def differ(server: XnatServer, live: LiveScripts) -> bool:
    """Tell whether a recipe holds other scripts than an XNAT runs; blanks at line ends aside."""
    mine = server.scripts
    return mine is None or _lines(mine) != _lines(live.declared)


def script_remarks(server: XnatServer, live: LiveScripts) -> Iterator[tuple[CheckState, str]]:
    """Yield what there is to say of the scripts of an XNAT, with how good that is."""
    if SITE not in live.texts and SITE not in live.hidden:
        yield CheckState.OK, "the site's script is off"
    for owner, text in live.texts.items():
        script = read_script(text)
        changed = ", ".join(map(keyword_of, script.touched)) or "nothing"
        yield CheckState.NOTE, f"{_called(owner)} is on and changes {changed}"
        for statement in script.not_understood:
            yield CheckState.WARNING, f"{_called(owner)} is not understood, {statement}"
    for owner in live.hidden:
        yield CheckState.UNKNOWN, f"this login may not see {_called(owner)}"
    if not live.hidden and differ(server, live):
        known = "holds other scripts" if server.scripts else "holds none of the server's scripts"
        state = CheckState.DIFFERS if server.scripts else CheckState.NOTE
        yield state, f"the recipe {known}"


def hint_of(state: CheckState) -> str:
    """Return what to do about a remark."""
    return _HINTS.get(state, "")


def _called(owner: str) -> str:
    return "the site's script" if owner == SITE else f"the script of project {owner}"


def _lines(scripts: XnatScripts) -> dict[str, list[str]]:
    texts = {SITE: scripts.site, **scripts.projects}
    return {owner: _bare(text) for owner, text in texts.items() if text.strip()}


def _bare(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]
