"""What the sources that ask a PACS share: the way there, series to choose, findings to make."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from fnmatch import fnmatchcase
from typing import Annotated, TypeVar

import msgspec
from msgspec import Struct, field

from dicomferry import FerryError, InstanceRef, RemoteInstance
from dicomferry.dimse import AssociationLostError, Peer, UnreachableError
from dicomferry_plugins._retrieve.query import IncompleteAnswerError, Query, open_query
from dicomferry_plugins._retrieve.search import FoundSeries, FoundStudy

T = TypeVar("T")

EXPECT = r"^(exactly-one|any|at-most [1-9][0-9]*)$"
_ATTEMPTS = 3
_PAUSE = 1.0
_MOST_CANDIDATES = 10


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


class Asking(Struct):
    """An association for queries that is opened when it is needed, and again when it is lost."""

    peer: Peer
    _query: Query | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, question: Callable[[Query], T]) -> T:
        """Return the answer to a question; asked again, within bounds, when the PACS hangs up."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return question(self._open())
            except (AssociationLostError, UnreachableError):
                self.close()
                if attempt == _ATTEMPTS:
                    raise
                time.sleep(_PAUSE * attempt)
            except FerryError:
                self.close()
                raise
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """End the association."""
        self._query = None
        self._stack.close()

    def _open(self) -> Query:
        if self._query is None:
            self._query = self._stack.enter_context(open_query(self.peer))
        return self._query


def unexpected(expect: str, studies: list[FoundStudy]) -> str:
    """Return why this many studies are not what is expected, naming them; empty when they are."""
    number = len(studies)
    if expect == "any":
        return ""
    most = 1 if expect == "exactly-one" else int(expect.split()[-1])
    if number <= most and (number or expect != "exactly-one"):
        return ""
    wanted = "exactly one study is" if expect == "exactly-one" else f"{most} at most are"
    if not number:
        return f"{wanted} expected, there is none"
    some = "; ".join(map(_candidate, studies[:_MOST_CANDIDATES]))
    more = "; …" if number > _MOST_CANDIDATES else ""
    return f"{wanted} expected, there are {number}: {some}{more}"


def _candidate(study: FoundStudy) -> str:
    known = study.attributes
    words = [known.get(k, "") for k in ("StudyDate", "ModalitiesInStudy", "StudyDescription")]
    return " ".join(word for word in (*words, study.uid) if word)


def findings(
    server: str,
    study: FoundStudy,
    *,
    relabel: Mapping[str, str],
    row: Mapping[str, str],
    table_row: int = 0,
) -> Iterator[RemoteInstance]:
    """Yield the instances of a study."""
    for series in study.series:
        for uid, known in series.instances.items():
            yield RemoteInstance(
                "pacs",
                server,
                InstanceRef(study.uid, series.uid, uid, known.get("SOPClassUID", "")),
                {**study.attributes, **series.attributes, **known},
                relabel,
                row,
                table_row,
            )


_DATED = re.compile(r"\d{8}|\d{8}-(\d{8})?|-\d{8}", re.ASCII)


def date_fault(text: str) -> str:
    """Return what is wrong with a date to ask for; empty for a day or a range of days."""
    return "" if _DATED.fullmatch(text) else f"'{text}' is no date: write YYYYMMDD or a range"
