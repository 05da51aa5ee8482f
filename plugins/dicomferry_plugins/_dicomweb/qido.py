"""Searches over QIDO-RS (PS3.18 10.6), level by level, as `_pacs.search` asks for them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from msgspec import Struct, field

from dicomferry.contract import Answers
from dicomferry.dicom import difference
from dicomferry_plugins._dicomweb.client import WebClient
from dicomferry_plugins._dicomweb.json_model import ModelError, data_sets, texts_of
from dicomferry_plugins._dicomweb.paging import PAGE, Page, all_rows, whole_page
from dicomferry_plugins._dicomweb.site import WebSite
from dicomferry_plugins._pacs.query import IMAGE, SERIES, STUDY, IncompleteAnswerError, Level

if TYPE_CHECKING:
    from requests import Response

DICOM_JSON: Final = "application/dicom+json"

# `*` asks for the transfer syntax in which an instance is stored (PS3.18 8.7.3.5.2).
STORED: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'

_PLAIN: Final = "*?,:/@"
"""What need not be written as `%xx` in a query (RFC 3986 3.4), beside letters, digits, `-._~`."""

_NOT_PLAIN: Final = re.compile(rf"[^0-9A-Za-z\-._~{re.escape(_PLAIN)}]", re.ASCII)

_STUDY: Final = "StudyInstanceUID"
_SERIES: Final = "SeriesInstanceUID"
_COUNTED: Final = {
    STUDY.name: (_STUDY, "NumberOfStudyRelatedSeries"),
    SERIES.name: (_SERIES, "NumberOfSeriesRelatedInstances"),
}
"""By level: the UID of a row, and the number of rows below it."""

_LARGEST_ANSWER: Final = 64 << 20


class Search(Struct):
    """Asks one server what no kept answer tells; a `Finder` of `_pacs.search`.

    Studies are asked for each time, and what is in them where it is not kept, or their numbers have
    changed. `_counts` are the numbers that the server told of what is below a study or a series.
    With `at_once`, the server gives all of an answer in one page.
    """

    client: WebClient
    answers: Answers
    at_once: bool = False
    _counts: dict[str, dict[str, str]] = field(default_factory=dict)

    def find(self, level: Level, keys: Mapping[str, str], most: int) -> list[dict[str, str]]:
        """Return all matches, as kept from before or as the server sees it.

        Raises `IncompleteAnswerError`, `TooManyAnswersError`, and as `WebClient.get`.
        """
        question = self._question(level, keys)
        kept = self.answers.kept(question) if level is not STUDY else None
        found = None if kept is None else json.loads(kept)
        if found is None or len(found) > most:
            found = self._ask(level, keys, most)
            if found and level is not STUDY and not any(difference(keys, one) for one in found):
                self.answers.keep(question, json.dumps(found).encode(), {keys[_STUDY]})
        self._note(level, found)
        return found

    def forget(self, study: str) -> None:
        """Have a study that the server does not list as it should asked for anew."""
        self.answers.forget(study)

    def _ask(self, level: Level, keys: Mapping[str, str], most: int) -> list[dict[str, str]]:
        path, named = _resource(level, keys)
        wanted = {k: v.replace("\\", ",") for k, v in keys.items() if v and k not in named}
        found = self._pages(level, path, keys, wanted, most)
        plain = {keyword: _NOT_PLAIN.sub("?", value) for keyword, value in wanted.items()}
        if not found and plain != wanted:
            # Orthanc 1.10 reads `%5E` as three characters. What more comes is not as asked.
            found = self._pages(level, path, keys, plain, most)
        return found

    def _pages(
        self, level: Level, path: str, keys: Mapping[str, str], wanted: Mapping[str, str], most: int
    ) -> list[dict[str, str]]:
        fields = [("includefield", name) for name in (*level.returned, *level.counts)]
        query = [*wanted.items(), *fields]
        if self.at_once:
            return whole_page(self._page(path, query), most)

        def page(offset: int) -> Page:
            return self._page(path, [*query, ("limit", str(PAGE)), ("offset", str(offset))])

        return all_rows(page, level.unique_key, most, self._expected(level, keys))

    def _page(self, path: str, query: Sequence[tuple[str, str]]) -> Page:
        text = urlencode(query, safe=_PLAIN, quote_via=quote)
        with self.client.get(path, DICOM_JSON, text) as answer:
            body = bytearray()
            for chunk in self.client.chunks(answer):
                body += chunk
                if len(body) > _LARGEST_ANSWER:
                    raise IncompleteAnswerError(f"{path}: the answer is too large to be true")
            return Page(_rows(bytes(body), answer, path), _more(answer))

    def _note(self, level: Level, found: Sequence[Mapping[str, str]]) -> None:
        for row in found if level.name in _COUNTED else ():
            uid, _ = _COUNTED[level.name]
            self._counts[row.get(uid, "")] = {k: row.get(k, "") for k in level.counts}

    def _expected(self, level: Level, keys: Mapping[str, str]) -> int | None:
        """Return how many rows the server told that there are; None where it did not."""
        above = {SERIES.name: STUDY.name, IMAGE.name: SERIES.name}.get(level.name)
        if above is None:
            return None
        uid, count = _COUNTED[above]
        told = self._counts.get(keys.get(uid, ""), {}).get(count, "").strip()
        return int(told) if told.isascii() and told.isdigit() else None

    def _question(self, level: Level, keys: Mapping[str, str]) -> str:
        """Return what tells a question from every other, to whom and for what attributes too."""
        told = [*level.returned, *level.counts]
        counts = self._counts.get(keys.get(_STUDY, ""), {})
        return json.dumps([self.client.site.url, level.name, told, dict(keys), counts])


def answers_searches(site: WebSite) -> None:
    """Raise `FerryError` unless a server answers a search for one study."""
    with WebClient(site) as client, client.get("/studies", DICOM_JSON, "limit=1") as answer:
        _rows(b"".join(client.chunks(answer)), answer, "/studies")


def instance_path(study: str, series: str, instance: str = "") -> str:
    """Return the resource of a series, or of one instance of it (PS3.18 10.4.1)."""
    path = f"/studies/{_segment(study)}/series/{_segment(series)}"
    return f"{path}/instances/{_segment(instance)}" if instance else path


def _resource(level: Level, keys: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return the resource to search in, and the keys that its path names (PS3.18 10.6.1)."""
    if level is STUDY:
        return "/studies", ()
    if level is SERIES:
        return f"/studies/{_segment(keys[_STUDY])}/series", (_STUDY,)
    return f"{instance_path(keys[_STUDY], keys[_SERIES])}/instances", (_STUDY, _SERIES)


def _segment(text: str) -> str:
    return quote(text, safe="")


def _rows(body: bytes, answer: Response, path: str) -> list[dict[str, str]]:
    if answer.status_code == 204 or not body.strip():
        return []
    try:
        return [texts_of(row) for row in data_sets(body)]
    except ModelError:
        told = answer.headers.get("Content-Type", "")
        raise IncompleteAnswerError(
            f"{path}: the answer is not in the DICOM JSON Model (Content-Type: {told[:80]})",
            hint="is url: what comes before /studies, and no proxy in between?",
        ) from None


def _more(answer: Response) -> str:
    """Return the server's word for that these are not all rows (PS3.18 8.3.4.4.1), if any."""
    warning = answer.headers.get("Warning", "")
    if warning.strip().startswith("299"):
        return f"Warning: {warning[:200]}"
    return "206 Partial Content" if answer.status_code == 206 else ""
