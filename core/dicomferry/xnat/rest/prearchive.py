"""Reads the prearchive of an XNAT: sessions, their states and files, and conflict messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from dicomferry.xnat.labels import UNASSIGNED
from dicomferry.xnat.rest.client import RestClient, Row, segment
from dicomferry.xnat.rest.errors import DeniedError
from dicomferry.xnat.rest.files import HeldFile

_SETTLED: Final = frozenset({"READY", "CONFLICT", "ERROR"})
"""The values of `PrearcStatus` that XNAT does not change by itself."""


class PrearchiveSession(Struct, frozen=True):
    """One session in the prearchive; `path` is its route; `project` is None for Unassigned."""

    project: str | None
    subject: str | None
    label: str
    study_instance_uid: str
    status: str
    path: str

    @property
    def source(self) -> str:
        """Return its `src` for XNAT's services: `/prearchive/projects/P/TIME/FOLDER`."""
        return self.path.removeprefix("/data")


def is_under_way(status: str) -> bool:
    """Say whether XNAT still works on a session of this status, or will by itself."""
    return status not in _SETTLED


class PrearchiveReader:
    """Reads an XNAT's prearchive (`/data/prearchive`)."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    def sessions(self) -> list[PrearchiveSession]:
        """Return every session that the login can see."""
        return [_session(row) for row in self._client.rows("/data/prearchive")]

    def files(self, session: PrearchiveSession) -> Iterator[HeldFile]:
        """Yield every file; XNAT lists none of a session that it has not built yet.

        The prearchive lists no UIDs (XNAT's `PrearcSessionResourceFiles`: Name, Size, URI).
        """
        for row in self._client.rows(f"{session.path}/scans"):
            scan = row.get("ID", "")
            base = f"{session.path}/scans/{segment(scan)}/resources"
            for resource in self._client.rows(base):
                route = f"{base}/{segment(resource.get('label', ''))}/files"
                for file in self._client.rows(route):
                    name = file.get("Name", "")
                    yield HeldFile(scan, name, f"{route}/{segment(name)}")

    def message(self, session: PrearchiveSession) -> str:
        """Return why XNAT would not archive a session; empty when XNAT gives no reason.

        `services/validate-archive` archives nothing. It returns notices with a type; a notice of
        type FAIL cannot be overridden.
        """
        form = {"src": session.source}
        try:
            answer = self._client.post("/data/services/validate-archive", form, format="json")
        except DeniedError:
            return ""
        notices = [notice for notice in _notices(answer) if notice.get("message")]
        failures = [notice for notice in notices if notice.get("type") == "FAIL"]
        return "; ".join(dict.fromkeys(str(one["message"]) for one in failures or notices))


def _notices(answer: Any) -> list[dict[str, Any]]:
    """Return the rows of a table, or of the plain list that some services return."""
    if isinstance(answer, dict):
        table = answer.get("ResultSet")
        answer = table.get("Result") if isinstance(table, dict) else None
    return [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else []


def _session(row: Row) -> PrearchiveSession:
    project = row.get("project", "")
    known = project if project not in ("", UNASSIGNED) else None
    folder = row.get("folderName") or row.get("name", "")
    parts = (project or UNASSIGNED, row.get("timestamp", ""), folder)
    return PrearchiveSession(
        known,
        row.get("subject") or None,
        row.get("name") or folder,
        row.get("tag", ""),
        row.get("status", ""),
        "/data/prearchive/projects/" + "/".join(segment(part) for part in parts),
    )
