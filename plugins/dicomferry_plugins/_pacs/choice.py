"""What a recipe says of the studies and series to ask for, whichever source asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

if TYPE_CHECKING:
    from dicomferry_plugins._pacs.search import FoundSeries

EXPECT: Final = r"^(exactly-one|any|at-most [1-9][0-9]*)$"
"""The pattern of how many studies one question may find."""

_DATED = re.compile(r"\d{8}|\d{8}-(\d{8})?|-\d{8}", re.ASCII)


class Series(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which series are meant; texts may have the wildcards `*` and `?`."""

    Modality: tuple[str, ...] = ()
    SeriesDescription: tuple[str, ...] = ()
    SeriesNumber: tuple[str, ...] = ()
    SOPClassUID: tuple[str, ...] = ()


class SeriesChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The series that are carried: what `include` names, less what `exclude` names."""

    include: Annotated[
        Series, msgspec.Meta(description="every attribute given must match one of its texts")
    ] = Series()
    exclude: Annotated[
        Series, msgspec.Meta(description="one matching attribute leaves the series out")
    ] = Series()
    min_instances: Annotated[
        int, msgspec.Meta(description="series with fewer instances are left out", ge=1)
    ] = 1

    def keeps(self, series: FoundSeries) -> bool:
        """Tell whether a series is meant, as far as what is known of it says."""
        matched = _matched(self.include, series)
        if not all(hit for hit in matched if hit is not None):
            return False
        if any(_matched(self.exclude, series)):
            return False
        return not series.instances or len(series.instances) >= self.min_instances


def _matched(wanted: Series, series: FoundSeries) -> Iterator[bool | None]:
    """Yield for every attribute that is asked for whether it matches; None while unknown."""
    for name in ("Modality", "SeriesDescription", "SeriesNumber"):
        globs = getattr(wanted, name)
        if globs and name not in series.attributes:
            from dicomferry_plugins._pacs.query import IncompleteAnswerError

            raise IncompleteAnswerError(
                f"the PACS does not tell {name}, so series cannot be chosen by it",
                hint="choose by Modality or SeriesNumber, which every PACS tells (PS3.4 C.6.2.1.3)",
            )
        if globs:
            text = series.attributes.get(name, "").strip().casefold()
            yield any(fnmatchcase(text, glob.casefold()) for glob in globs)
    if wanted.SOPClassUID:
        classes = {one.get("SOPClassUID", "") for one in series.instances.values()} - {""}
        yield bool(classes & set(wanted.SOPClassUID)) if classes else None


def date_fault(text: str) -> str:
    """Return what is wrong with a date to ask for; empty for a day or a range of days."""
    return "" if _DATED.fullmatch(text) else f"'{text}' is no date: write YYYYMMDD or a range"
