"""The source that finds studies by what a PACS tells of them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from dicomferry import Finding, Location, Refused, Unusable
from dicomferry.contract import Answers
from dicomferry.dicom import single_queries
from dicomferry.dimse import Peer
from dicomferry_plugins._pacs.choice import SeriesChoice
from dicomferry_plugins._pacs.findings import described_keys, findings, not_used, unexpected
from dicomferry_plugins._pacs.questioner import Questioner, QuestionError
from dicomferry_plugins._pacs.search import (
    FoundStudies,
    FoundStudy,
    find_contents,
    find_single,
    together,
)
from dicomferry_plugins._pacs.standing import StandingQuery

_Rule = Literal["unanswered", "unexpected-studies", "untrusted-answer"]
"""The codes of the rules that reject a query, a value of it, or a study that it finds."""


class PacsQuery(Struct, frozen=True):
    """Asks one PACS, `server` of the recipe; a study that several queries find is carried once."""

    peer: Peer
    answers: Answers
    server: str
    queries: Sequence[Mapping[str, str]]
    series: SeriesChoice
    expect: str
    most_studies: int

    def discover(self) -> Iterator[Finding]:
        """Yield the instances, and the queries and studies without an answer to rely on.

        Raises `FerryError` when the PACS cannot be asked at all.
        """
        with StandingQuery(self.peer, self.answers, fresh=True) as standing:
            asking = Questioner(standing)
            seen: set[str] = set()
            empty: list[Finding] = []
            for number, keys in enumerate(self.queries, 1):
                parts, refused, none = self._parts(asking, keys, number)
                yield from refused
                empty += none if self.expect != "exactly-one" else ()
                if refused and self.expect != "any":
                    continue  # nobody knows how many studies there are
                for study in (yield from self._expected(together(parts), keys, number)):
                    if study.uid not in seen:
                        seen.add(study.uid)
                        yield from self._instances(asking, study)
            if seen:  # else nothing is found at all, which the plan tells
                yield from empty

    def _expected(
        self, found: FoundStudies, keys: Mapping[str, str], number: int
    ) -> Generator[Finding, None, list[FoundStudy]]:
        """Return the studies of a query: none where there are too many or too few of them."""
        query = f"query {number}"
        if fault := unexpected(self.expect, found):
            why = f"{fault} (hint: ask more narrowly, or change expect)"
            yield self._refused(query, "unexpected-studies", keys, why)
            return []
        if found.studies and found.dropped:
            yield Unusable(self._place(query), "answer-differs", not_used(found))
        elif found.dropped:
            why = f"no study is as asked: {not_used(found)}"
            yield self._refused(query, "untrusted-answer", keys, why)
        return found.studies

    def _parts(
        self, asking: Questioner, keys: Mapping[str, str], number: int
    ) -> tuple[list[FoundStudies], list[Refused], list[Unusable]]:
        """Return the answers to a query, one for each value of its lists.

        With them come the questions that have no answer, and those that no study answers.
        """
        singles, most = list(single_queries(keys)), self.most_studies
        parts: list[FoundStudies] = []
        refused: list[Refused] = []
        empty: list[Unusable] = []
        for at, single in enumerate(singles, 1):
            which = f", question {at} of {len(singles)}" if len(singles) > 1 else ""
            place = f"query {number}{which}"
            try:
                found = asking.ask(lambda query, s=single: find_single(query, s, keys, most))  # type: ignore[misc]
            except QuestionError as error:
                refused.append(self._refused(place, error.code, single, error.reason))
                continue
            parts.append(found)
            if not found.studies and not found.dropped:
                why = described_keys(single)
                empty.append(Unusable(self._place(place), "query-without-study", why))
        return parts, refused, empty

    def _instances(self, asking: Questioner, study: FoundStudy) -> Iterator[Finding]:
        keeps = self.series.keeps
        try:
            whole = asking.ask(lambda query: find_contents(query, study, keeps))
        except QuestionError as error:
            of_study = {"StudyInstanceUID": study.uid}
            yield self._refused(f"study {study.uid}", error.code, of_study, error.reason)
            return
        if whole.gaps:
            asking.asking.forget(whole)
        yield from findings(self.server, whole, relabel={}, row={})

    def _refused(self, what: str, code: _Rule, keys: Mapping[str, str], reason: str) -> Refused:
        return Refused(self._place(what), code, f"{described_keys(keys)}: {reason}")

    def _place(self, what: str) -> Location:
        return Location(f"pacs:{self.server}", what)
