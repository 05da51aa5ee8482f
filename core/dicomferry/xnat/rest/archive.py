"""Reads the archive of an XNAT: sessions, their scans, and the scans' files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from dicomferry.model import Destination
from dicomferry.xnat.rest.client import RestClient, Row, segment
from dicomferry.xnat.rest.errors import NotThereError, RestError
from dicomferry.xnat.rest.files import HeldFile, catalog_entries

_DICOM: Final = "DICOM"
_COLUMNS: Final = "ID,project,label,subject_label"
_MOST_OF_A_STUDY: Final = 50


class ArchivedSession(Struct, frozen=True):
    """One session of the archive; `path` is its route, `scans` are the IDs of its scans."""

    destination: Destination
    path: str
    scans: tuple[str, ...]


class ArchiveReader:
    """Reads an XNAT's archive (`/data/projects/{P}/subjects/{S}/experiments/{E}`)."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    def projects(self) -> frozenset[str]:
        """Return the IDs of the projects that the login can read."""
        rows = self._client.rows("/data/projects", accessible="true")
        return frozenset(row.get("ID", "") for row in rows)

    def session(self, destination: Destination) -> ArchivedSession | None:
        """Return the session at `destination`; None when there is none.

        Raises `RestError` when XNAT does not answer that.
        """
        if destination.project is None or destination.subject is None:
            return None  # the archive has no session without project or subject
        path = _route(destination.project, destination.subject, destination.session)
        try:
            return ArchivedSession(destination, path, self._scans(path))
        except NotThereError:
            return None

    def sessions_of_study(self, study_instance_uid: str) -> list[ArchivedSession]:
        """Return the sessions with a StudyInstanceUID in all projects that the login can read.

        The query names the field by its path, as XNAT's DICOM gateway does. Raises `RestError` for
        a server that ignores the query.
        """
        uid = {"xnat:imageSessionData/UID": study_instance_uid, "UID": study_instance_uid}
        query = {"xsiType": "xnat:imageSessionData", "columns": _COLUMNS, **uid}
        rows = self._client.rows("/data/experiments", **query)
        chosen = [row for row in rows if _is_of(row, study_instance_uid)]
        if len(chosen) > _MOST_OF_A_STUDY:
            raise RestError("/data/experiments: the answer is not limited to one study")
        found = []
        for row in chosen:
            subject = row.get("subject_label") or None
            destination = Destination(row.get("project") or None, subject, row["label"])
            path = f"/data/experiments/{segment(row['ID'])}"
            found.append(ArchivedSession(destination, path, self._scans(path)))
        return found

    def files(self, session: ArchivedSession) -> Iterator[HeldFile]:
        """Yield every file of every scan, with the SOP Instance UID of its catalog entry."""
        for scan in session.scans:
            base = f"{session.path}/scans/{segment(scan)}/resources"
            for label in self._resources(base):
                yield from self._entries(scan, f"{base}/{segment(label)}")

    def _scans(self, path: str) -> tuple[str, ...]:
        return tuple(row.get("ID", "") for row in self._client.rows(f"{path}/scans"))

    def _resources(self, base: str) -> list[str]:
        """Return the labels of a scan's DICOM resources.

        XNAT puts secondary captures into a resource `secondary`, all others into `DICOM`.
        """
        try:
            rows = self._client.rows(base)
        except NotThereError:
            return [_DICOM]
        return [
            row["label"]
            for row in rows
            if row.get("label") in (_DICOM, "secondary") or row.get("format") == _DICOM
        ]

    def _entries(self, scan: str, path: str) -> Iterator[HeldFile]:
        try:
            catalog = self._client.content(path, format="xml")
        except NotThereError:
            return
        for uri, uid in catalog_entries(catalog, path):
            name = uri.rpartition("/")[2]
            yield HeldFile(scan, name, f"{path}/files/{_quoted(uri)}", uid)


def _is_of(row: Row, study_instance_uid: str) -> bool:
    """Say whether a row may be of a study: it has no UID, or the study's."""
    uids = {value for name, value in row.items() if name.lower().endswith("uid")}
    return bool(row.get("ID") and row.get("label")) and uids <= {study_instance_uid}


def _route(project: str, subject: str, session: str) -> str:
    return (
        f"/data/projects/{segment(project)}/subjects/{segment(subject)}"
        f"/experiments/{segment(session)}"
    )


def _quoted(uri: str) -> str:
    return "/".join(segment(part) for part in uri.split("/"))
