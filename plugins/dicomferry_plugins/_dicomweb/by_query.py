"""The source that finds studies by what a DICOMweb server tells of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from dicomferry import FerryError, Finding, Location, Refused, RemoteInstance, Unusable
from dicomferry.contract import Answers
from dicomferry.dicom import single_queries
from dicomferry_plugins._dicomweb.client import WebClient
from dicomferry_plugins._dicomweb.qido import Search
from dicomferry_plugins._dicomweb.site import SilentError, StatusError, WebSite
from dicomferry_plugins._pacs.choice import SeriesChoice
from dicomferry_plugins._pacs.findings import described_keys, findings, not_used, unexpected
from dicomferry_plugins._pacs.query import IncompleteAnswerError, TooManyAnswersError
from dicomferry_plugins._pacs.search import (
    FoundStudies,
    FoundStudy,
    find_contents,
    find_single,
    together,
)

NAME = "dicomweb"

_MOST_SILENT = 3
"""So many questions in a row without an answer, and nothing more is asked."""

_Rule = Literal["unanswered", "unexpected-studies", "untrusted-answer"]
"""The codes of the rules that reject a query, a value of it, or a study that it finds."""

T = TypeVar("T")


class WebQuery(Struct, frozen=True):
    """Asks one server of the recipe; a study that several queries find is carried once."""

    site: WebSite
    answers: Answers
    server: str
    queries: Sequence[Mapping[str, str]]
    series: SeriesChoice
    expect: str
    most_studies: int
    at_once: bool = False

    def discover(self) -> Iterator[Finding]:
        """Yield the instances, and the queries and studies without an answer to rely on.

        Raises `FerryError` when the server cannot be asked at all.
        """
        with WebClient(self.site, self.answers.turn) as client:
            asking = _Asking(Search(client, self.answers, self.at_once))
            seen: set[str] = set()
            empty: list[Finding] = []
            for number, keys in enumerate(self.queries, 1):
                parts, refused, none = self._parts(asking, keys, number)
                yield from refused
                empty += none if self.expect == "any" else ()
                if refused and self.expect != "any":
                    continue  # nobody knows how many studies there are
                for study in (yield from self._expected(together(parts), keys, number)):
                    if study.uid not in seen:
                        seen.add(study.uid)
                        yield from self._instances(asking, study)
            if seen:  # else nothing is found at all, which the plan tells
                yield from empty

    def _parts(
        self, asking: _Asking, keys: Mapping[str, str], number: int
    ) -> tuple[list[FoundStudies], list[Refused], list[Unusable]]:
        """Return the answers to a query, one for each value of its lists.

        With them come the questions that have no answer, and those that no study answers.
        """
        singles, most = list(single_queries(keys)), self.most_studies
        parts: list[FoundStudies] = []
        refused: list[Refused] = []
        empty: list[Unusable] = []
        for at, single in enumerate(singles, 1):
            answer = asking.ask(lambda search, s=single: find_single(search, s, keys, most))  # type: ignore[misc]
            which = f", question {at} of {len(singles)}" if len(singles) > 1 else ""
            place = f"query {number}{which}"
            if isinstance(answer, _Missed):
                refused.append(self._refused(place, single, answer))
                continue
            parts.append(answer)
            if not answer.studies and not answer.dropped:
                why = described_keys(single)
                empty.append(Unusable(self._place(place), "query-without-study", why))
        return parts, refused, empty

    def _expected(
        self, found: FoundStudies, keys: Mapping[str, str], number: int
    ) -> Generator[Finding, None, list[FoundStudy]]:
        """Return the studies of a query: none where there are too many or too few of them."""
        query = f"query {number}"
        if fault := unexpected(self.expect, found):
            why = f"{fault} (hint: ask more narrowly, or change expect)"
            yield self._refused(query, keys, _Missed("unexpected-studies", why))
            return []
        if found.studies and found.dropped:
            yield Unusable(self._place(query), "answer-differs", not_used(found))
        elif found.dropped:
            why = f"no study is as asked: {not_used(found)}"
            yield self._refused(query, keys, _Missed("untrusted-answer", why))
        return found.studies

    def _instances(self, asking: _Asking, study: FoundStudy) -> Iterator[Finding]:
        keeps = self.series.keeps
        whole = asking.ask(lambda search: find_contents(search, study, keeps))
        if isinstance(whole, _Missed):
            yield self._refused(f"study {study.uid}", {"StudyInstanceUID": study.uid}, whole)
            return
        if whole.gaps:
            asking.search.forget(whole.uid)
        for one in findings(self.server, whole, relabel={}, row={}):
            if isinstance(one, RemoteInstance):
                yield replace(one, fetcher=NAME)
            elif isinstance(one, Refused | Unusable):
                yield replace(one, location=self._place(one.location.member))

    def _refused(self, what: str, keys: Mapping[str, str], missed: _Missed) -> Refused:
        why = f"{described_keys(keys)}: {missed.reason}"
        return Refused(self._place(what), missed.code, why)

    def _place(self, what: str) -> Location:
        return Location(f"{NAME}:{self.server}", what)


class _Missed(Struct, frozen=True):
    """A question without an answer to rely on, by the rule that rejects it."""

    code: _Rule
    reason: str


class _Asking(Struct):
    """Asks one question after another: one without an answer does not end the others."""

    search: Search
    _answered: bool = False
    _silent: int = 0

    def ask(self, question: Callable[[Search], T]) -> T | _Missed:
        """Return the answer to a question, or why there is none.

        Raises `FerryError` where the server refuses the login, or is silent from the first
        question on. One that is silent for several in a row is asked nothing more.
        """
        if self._silent >= _MOST_SILENT:
            host = self.search.client.site.host
            return _Missed("unanswered", f"not asked: {host} was silent at {self._silent} before")
        try:
            answer = question(self.search)
        except (IncompleteAnswerError, TooManyAnswersError) as error:
            self._heard()
            return _Missed("untrusted-answer", _line(error))
        except StatusError as error:
            self._heard()
            return _Missed("unanswered", _line(error))
        except SilentError as error:
            if not self._answered:
                raise
            self._silent += 1
            return _Missed("unanswered", _line(error))
        self._heard()
        return answer

    def _heard(self) -> None:
        self._answered, self._silent = True, 0


def _line(error: FerryError) -> str:
    return f"{error.message} (hint: {error.hint})" if error.hint else error.message
