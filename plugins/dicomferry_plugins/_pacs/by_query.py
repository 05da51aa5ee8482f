"""The source that finds studies by what a PACS tells of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from dicomferry import FerryError, Finding, Location, Refused, Unusable
from dicomferry.contract import Answers
from dicomferry.dimse import Peer
from dicomferry_plugins._pacs.choice import SeriesChoice
from dicomferry_plugins._pacs.findings import findings, not_used, unexpected
from dicomferry_plugins._pacs.search import FoundStudies, FoundStudy, find_contents, find_studies
from dicomferry_plugins._pacs.standing import StandingQuery


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
        """Yield the instances; raises `FerryError` where the PACS's answer may not be all."""
        with StandingQuery(self.peer, self.answers, fresh=True) as asking:
            seen: set[str] = set()
            for number, keys in enumerate(self.queries, 1):
                found = self._studies(asking, keys, number)
                if found.dropped:
                    place = Location(f"pacs:{self.server}", f"query {number}")
                    why = not_used(found)
                    if found.studies:
                        yield Unusable(place, "answer-differs", why)
                    else:
                        yield Refused(place, "untrusted-answer", f"no study is as asked: {why}")
                for study in found.studies:
                    if study.uid not in seen:
                        seen.add(study.uid)
                        yield from self._instances(asking, study)

    def _studies(self, asking: StandingQuery, keys: Mapping[str, str], number: int) -> FoundStudies:
        most = self.most_studies
        found = asking.ask(lambda query: find_studies(query, keys, most))
        fault = unexpected(self.expect, found)
        if fault:
            which = f" number {number}" if len(self.queries) > 1 else ""
            raise FerryError(
                f"{self.server}: query{which}: {fault}",
                hint="ask more narrowly, or change expect",
            )
        return found

    def _instances(self, asking: StandingQuery, study: FoundStudy) -> Iterator[Finding]:
        keeps = self.series.keeps
        whole = asking.ask(lambda query: find_contents(query, study, keeps))
        if whole.gaps:
            asking.forget(whole)
        yield from findings(self.server, whole, relabel={}, row={})
