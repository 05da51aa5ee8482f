"""Queries that go on over a new association where the PACS ends the one before."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Final, TypeVar

from msgspec import Struct, field

from dicomferry import FerryError
from dicomferry.contract import Answers
from dicomferry.dicom import difference
from dicomferry.dimse import (
    AssociationLostError,
    AssociationRejectedError,
    Peer,
    UnreachableError,
)
from dicomferry_plugins._pacs.query import STUDY, Finder, Level, Query, open_query
from dicomferry_plugins._pacs.search import FoundStudy

T = TypeVar("T")

ATTEMPTS = 3
"""How often a question is asked at most where the PACS hangs up."""

_PAUSE = 1.0
_STUDY: Final = "StudyInstanceUID"


class StandingQuery(Struct):
    """Asks what no kept answer tells, over an association that is opened when it is needed.

    Where the association is lost, it is opened again. With `fresh`, studies are asked for each
    time, and what is in them where it is not kept, or their numbers have changed: `_counts` are the
    numbers that the PACS tells of what is in a study, by its UID.
    """

    peer: Peer
    answers: Answers
    fresh: bool = False
    _counts: dict[str, list[str]] = field(default_factory=dict)
    _query: Query | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> StandingQuery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, question: Callable[[Finder], T], attempts: int = ATTEMPTS) -> T:
        """Return the answer to a question; asked again, within bounds, when the PACS hangs up.

        A PACS that is silent for as long as its time limit is asked once more, not oftener.
        """
        begun = time.monotonic()
        for attempt in range(1, attempts + 1):
            try:
                return question(self)
            except (AssociationLostError, AssociationRejectedError, UnreachableError) as error:
                self.close()
                silent = time.monotonic() - begun > 1.5 * self.peer.timeouts.response
                if attempt == attempts or silent or not _passes(error):
                    raise
                time.sleep(_PAUSE * attempt)
            except FerryError:
                self.close()
                raise
        raise AssertionError("the last attempt returns or raises")

    def find(self, level: Level, keys: Mapping[str, str], most: int) -> list[dict[str, str]]:
        """Return all matches, as kept from before or as the PACS sees it; raises as `Query.find`.

        Kept is what is as asked for: nothing, and what a PACS answers of something else, is asked
        for again each time.
        """
        question = self._question(level, keys)
        found = self._kept(level, question)
        if found is None or len(found) > most:
            self.answers.turn()
            found = self._open().find(level, keys, most)
            if found and _as_asked(keys, found):
                studies = {answer.get(_STUDY, "") for answer in found} | {keys.get(_STUDY, "")}
                self.answers.keep(question, json.dumps(found).encode(), studies - {""})
        if level is STUDY:
            for answer in found:
                counts = [answer.get(keyword, "") for keyword in STUDY.counts]
                self._counts[answer.get(_STUDY, "")] = counts
        return found

    def forget(self, study: FoundStudy) -> None:
        """Have a study that a PACS does not list as it should asked for anew by the next plan."""
        self.answers.forget(study.uid)

    def close(self) -> None:
        """End the association."""
        self._query = None
        self._stack.close()

    def _open(self) -> Query:
        if self._query is None:
            self._query = self._stack.enter_context(open_query(self.peer))
        return self._query

    def _kept(self, level: Level, question: str) -> list[dict[str, str]] | None:
        if self.fresh and level is STUDY:
            return None
        kept = self.answers.kept(question)
        return None if kept is None else json.loads(kept)

    def _question(self, level: Level, keys: Mapping[str, str]) -> str:
        """Return what tells a question from every other, to whom and for what attributes too."""
        peer = self.peer
        whom = [peer.host, peer.port, peer.called_ae_title, peer.calling_ae_title]
        if peer.charset:
            whom.append(peer.charset)
        told = [*level.returned, *level.counts]
        counts = self._counts.get(keys.get(_STUDY, ""), []) if level is not STUDY else []
        return json.dumps([whom, level.name, told, dict(keys), counts], sort_keys=True)


def _as_asked(keys: Mapping[str, str], found: Sequence[Mapping[str, str]]) -> bool:
    certain = {k: v for k, v in keys.items() if k != "ModalitiesInStudy"}
    return not any(difference(certain, {**certain, **answer}) for answer in found)


def _passes(error: FerryError) -> bool:
    """Tell whether a later question may be answered: a rejection may be for good."""
    return not isinstance(error, AssociationRejectedError) or error.transient
