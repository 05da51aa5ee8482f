"""XNAT's series import filter: it drops files, and answers success for them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from dicomferry import FerryError, Header
from dicomferry.xnat import Reader, java_pattern

_SERIES_DESCRIPTION = 0x0008103E
_MODES = ("blacklist", "whitelist")


class SeriesFilter(Struct, frozen=True):
    """A site's filter: a regex per line, each meant for the whole SeriesDescription.

    `mode` is `blacklist` or `whitelist`; XNAT's third, modalityMap, is a script per modality and
    is not emulated. Follows XNAT's `RegExBasedSeriesImportFilter`. Raises `FerryError` for another
    mode, `JavaSyntaxError` or `UnforeseeableError` for a pattern that cannot be used.
    """

    mode: str
    patterns: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.mode not in _MODES:
            raise FerryError(
                f"series import filter: the stand-in does not know the mode '{self.mode}'",
                hint="it knows blacklist and whitelist",
            )
        for pattern in self.patterns:
            java_pattern(pattern)

    def lets_in(self, header: Header, reader: Reader) -> bool:
        """Say whether XNAT keeps the instance; the sender hears success in both cases."""
        description = reader.text(header, _SERIES_DESCRIPTION) or ""
        matched = bool(description.strip()) and any(
            java_pattern(pattern).matches(description) for pattern in self.patterns if pattern
        )
        return matched == (self.mode == "whitelist")

    def preferences(self) -> Mapping[str, object]:
        """Return the filter as XNAT's site configuration has it."""
        return {
            "enableSitewideSeriesImportFilter": True,
            "sitewideSeriesImportFilterMode": self.mode,
            "sitewideSeriesImportFilter": "\n".join(self.patterns),
        }
