"""Reads which sessions an XNAT receives, builds or archives at the moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from dicomferry.xnat.rest.client import RestClient
from dicomferry.xnat.rest.errors import DeniedError, RestError
from dicomferry.xnat.rest.prearchive import PrearchiveReader, is_under_way

_DIRECT: Final = "/xapi/direct-archive"
_PAGE: Final = 500
_MOST_PAGES: Final = 20
_RECEIVING: Final = ("RECEIVING", "RECEIVING_INTERRUPT")


class OutstandingSession(Struct, frozen=True):
    """One session that XNAT has not built yet; `receiving` while it may still get objects."""

    project: str | None
    label: str
    route: str
    receiving: bool

    @property
    def key(self) -> tuple[str | None, str]:
        """Return what it is called."""
        return self.project, self.label


class OutstandingReader:
    """Reads the prearchive, and the list of sessions that go directly into the archive.

    XNAT has the latter since 1.8.3 (`/xapi/direct-archive`); where it does not answer that, it is
    not asked again.
    """

    def __init__(self, client: RestClient) -> None:
        self._client = client
        self._prearchive = PrearchiveReader(client)
        self._direct = True

    def sessions(self) -> list[OutstandingSession]:
        """Return the sessions; raises `RestError` where XNAT does not list its prearchive."""
        found = [
            OutstandingSession(one.project, one.label, one.path, one.status in _RECEIVING)
            for one in self._prearchive.sessions()
            if is_under_way(one.status)
        ]
        if self._direct:
            try:
                found += self._direct_archive()
            except (DeniedError, RestError):
                self._direct = False
        return found

    def _direct_archive(self) -> Iterator[OutstandingSession]:
        for page in range(1, _MOST_PAGES + 1):
            rows = self._client.search(_DIRECT, {"page": page, "size": _PAGE})
            if not isinstance(rows, list):
                raise RestError(f"{_DIRECT}: the answer is not a list of sessions")
            for row in rows:
                if isinstance(row, dict) and is_under_way(str(row.get("status", ""))):
                    yield _direct(row)
            if len(rows) < _PAGE:
                return


def _direct(row: dict[str, Any]) -> OutstandingSession:
    project, status = str(row.get("project") or "") or None, str(row.get("status", ""))
    label = str(row.get("name") or row.get("folderName") or "")
    route = f"{_DIRECT}/{project}/{row.get('tag', '')}/{label}"
    return OutstandingSession(project, label, route, status in _RECEIVING)
