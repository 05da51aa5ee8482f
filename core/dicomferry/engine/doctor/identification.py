"""Compare an XNAT's identification rules with those that the recipe declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from dicomferry.model import LEVELS
from dicomferry.recipe.servers import XnatServer
from dicomferry.xnat.naming.options import Identification
from dicomferry.xnat.reading.generation import Generation
from dicomferry.xnat.rest.settings import DicomReceiver
from dicomferry.xnat.routing.rules import rule_lines

_SITE_LEVELS = (*LEVELS, "aa")


class Live(Struct, frozen=True):
    """The rules that an XNAT has now; `site` has the levels that this login may read.

    `generation` is None where its release is not told.
    """

    receiver: DicomReceiver
    site: dict[str, tuple[str, ...]]
    generation: Generation | None = None


class SettingDifference(Struct, frozen=True):
    """A rule that the server has otherwise; `path` is where it stands below `identification:`.

    `undeclared` tells that the recipe leaves it open: the forecast goes by the newer XNAT then.
    """

    path: tuple[str, ...]
    declared: str | tuple[str, ...]
    live: str | tuple[str, ...]

    @property
    def undeclared(self) -> bool:
        """Tell whether the recipe leaves it open."""
        return self.path == ("xnat",) and not self.declared

    def __str__(self) -> str:
        if self.undeclared:
            return f"the server is XNAT {self.live}, and the recipe does not say xnat:"
        return f"{'.'.join(self.path)} is {_shown(self.live)}, the recipe says {_told(self)}"


def component_of(bean: str) -> str | None:
    """Return the dicomferry identifier that emulates a bean of XNAT's; None for a site's own bean.

    A bean is DQR's when its name matches `/dqr/i`: XNAT itself tests that.
    """
    if "dqr" in bean.lower():
        return "dqr"
    return "classic" if bean in ("", "dicomObjectIdentifier") else None


def differences(server: XnatServer, live: Live) -> Iterator[SettingDifference]:
    """Yield each rule in which server and recipe differ; the order of the rules counts, too."""
    identifier = component_of(live.receiver.identifier)
    if identifier is not None and identifier != server.identifier:
        yield SettingDifference(("identifier",), server.identifier, identifier)
    options = server.identification_options
    declared = options if isinstance(options, Identification) else Identification()
    if live.generation not in (None, declared.xnat):
        yield SettingDifference(("xnat",), declared.xnat or "", live.generation)
    for level in LEVELS:
        rules = _lines(getattr(declared.receiver, level))
        if rules != live.receiver.rules[level]:
            yield SettingDifference(("receiver", level), rules, live.receiver.rules[level])
    for level in _SITE_LEVELS:
        rules = _lines(getattr(declared.site, level))
        if level in live.site and rules != live.site[level]:
            yield SettingDifference(("site", level), rules, live.site[level])


def _lines(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(line.strip() for line in rule_lines(texts) if line.strip())


def _told(difference: SettingDifference) -> str:
    return _shown(difference.declared)


def _shown(value: str | tuple[str, ...]) -> str:
    if isinstance(value, str):
        return value
    return ", ".join(f"'{line}'" for line in value) or "empty"
