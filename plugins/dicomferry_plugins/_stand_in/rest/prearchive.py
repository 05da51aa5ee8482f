"""The routes of the prearchive: its lists, one session, and the actions on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

from dicomferry.contract import SessionStatus
from dicomferry.xnat import UNASSIGNED, AutoArchive, Merge, session_type
from dicomferry_plugins._stand_in.rest.http import (
    HttpAnswer,
    HttpRefusal,
    HttpRequest,
    Row,
    item,
    plain_json,
    result_set,
    text,
)
from dicomferry_plugins._stand_in.rest.scans import AddressedSession, scan_item
from dicomferry_plugins._stand_in.site.sessions import ReceivedSession
from dicomferry_plugins._stand_in.site.site import StandInSite

_AUTO = {AutoArchive.AUTO: "AutoArchive", AutoArchive.MANUAL: "Manual"}


def listing(site: StandInSite, request: HttpRequest) -> HttpAnswer:
    """List the prearchive; the query's `tag` selects a StudyInstanceUID."""
    tag = request.query.get("tag")
    sessions = (s for s in site.holdings.prearchive if not tag or s.study_instance_uid == tag)
    return result_set(map(row_of, sessions), request)


def of_projects(site: StandInSite, request: HttpRequest, projects: str) -> HttpAnswer:
    """List the prearchive of projects, separated by commas; `Unassigned` is a valid one."""
    wanted = {None if name == UNASSIGNED else name for name in projects.split(",")}
    unknown = wanted - {None} - set(project_ids(site))
    if unknown:
        raise HttpRefusal(404, "No such project")
    sessions = (s for s in site.holdings.prearchive if s.destination.project in wanted)
    return result_set(map(row_of, sessions), request)


def held(site: StandInSite, project: str, timestamp: str, folder: str) -> AddressedSession:
    """Return one prearchive session by its path; 404 when there is none."""
    name = None if project == UNASSIGNED else project
    session = site.holdings.find(name, timestamp, folder)
    if session is None:
        raise HttpRefusal(404, "Unable to find the specified session.")
    return AddressedSession(session, uri_of(session))


def one(
    site: StandInSite, request: HttpRequest, project: str, timestamp: str, folder: str
) -> HttpAnswer:
    """Describe one session: its row, or an item for a `format` other than json."""
    found = held(site, project, timestamp, folder).session
    if request.form == "json" or not request.form:
        return result_set([row_of(found)], request)
    fields = {"label": found.destination.session, "UID": found.study_instance_uid}
    children = [{"field": "scans/scan", "items": [scan_item(s) for s in found.scans.values()]}]
    return plain_json({"items": [item(session_type(found.modality), fields, children)]})


def logs(
    site: StandInSite, request: HttpRequest, project: str, timestamp: str, folder: str
) -> HttpAnswer:
    """Return the log of one session: the message of its conflict."""
    found = held(site, project, timestamp, folder).session
    entries = [{"id": "1", "entry": found.conflict}] if found.conflict else []
    return result_set(entries, request)


def act(
    site: StandInSite, request: HttpRequest, project: str, timestamp: str, folder: str
) -> HttpAnswer:
    """Build, commit, move or reset one session; the query's `action` says which."""
    session = held(site, project, timestamp, folder).session
    match request.query.get("action", ""):
        case "build":
            session.build()
            return text(_DATA + uri_of(session))
        case "commit":
            return commit(site, session, archive=request.query.get("AA") == "true")
        case "move":
            move(site, session, request.query.get("newProject", ""))
            return HttpAnswer(301, headers={"Location": _DATA + uri_of(session)})
        case "reset-status":
            session.status, session.conflict = SessionStatus.READY, None
            return text(_DATA + uri_of(session))
        case other:
            raise HttpRefusal(400, f"unsupported action on prearchive session: {other}")


def delete(
    site: StandInSite, _request: HttpRequest, project: str, timestamp: str, folder: str
) -> HttpAnswer:
    """Delete one session, and the routing of its study."""
    remove(site, held(site, project, timestamp, folder).session)
    return text("")


def remove(site: StandInSite, session: ReceivedSession) -> None:
    """Remove a session from the prearchive."""
    site.holdings.remove(session)
    site.forget_route(session)


def move(site: StandInSite, session: ReceivedSession, project: str) -> None:
    """Move a session to another project; 404 for an unknown one."""
    if project not in project_ids(site):
        raise HttpRefusal(404, "No such project")
    site.holdings.move(session, project)


def commit(site: StandInSite, session: ReceivedSession, *, archive: bool) -> HttpAnswer:
    """Build a session; archive it if its project or the request says so."""
    left = site.holdings.commit(session)
    if not left and archive and session.status is SessionStatus.READY:
        left = site.holdings.move_to_archive(session, Merge())
    if left:
        site.forget_route(session)
        return HttpAnswer(301, headers={"Location": archive_uri(session)})
    return HttpAnswer(301, headers={"Location": _DATA + uri_of(session)})


def uri_of(session: ReceivedSession) -> str:
    """Return a prearchive session's URI as listed, without `/data`."""
    project = quote(session.destination.project or UNASSIGNED)
    return (
        f"/prearchive/projects/{project}/{session.timestamp}/{quote(session.destination.session)}"
    )


def archive_uri(session: ReceivedSession) -> str:
    """Return an archived session's URI."""
    place = session.destination
    names = ("projects", place.project or "", "subjects", place.subject or "", "experiments")
    return "/data/archive/" + "/".join(map(quote, (*names, place.session)))


def project_ids(site: StandInSite) -> list[str]:
    """Return the IDs of the declared projects, and of all projects that had a session."""
    declared = [p if isinstance(p, str) else p.id for p in site.declared.projects or ()]
    return list(dict.fromkeys([*declared, *site.holdings.projects]))


def row_of(session: ReceivedSession) -> Row:
    """Return a session as a row of the prearchive."""
    date = session.study_date
    dashed = f"{date[:4]}-{date[4:6]}-{date[6:8]} 00:00:00.0" if len(date) == 8 else ""
    return {
        "project": session.destination.project or UNASSIGNED,
        "timestamp": session.timestamp,
        "lastmod": _moment(session.touched),
        "uploaded": _moment(session.uploaded),
        "scan_date": dashed,
        "scan_time": "",
        "subject": session.destination.subject or "",
        "folderName": session.destination.session,
        "name": session.destination.session,
        "tag": session.study_instance_uid,
        "status": str(session.status),
        "url": uri_of(session),
        "autoarchive": _AUTO.get(session.auto_archive, ""),
        "prevent_anon": "false",
        "prevent_auto_commit": str(session.uncommitted).lower(),
        "SOURCE": "",
        "VISIT": "",
        "PROTOCOL": "",
        "TIMEZONE": "",
    }


def named(site: StandInSite, sources: str) -> Iterator[ReceivedSession]:
    """Yield the sessions of a `src`: URIs separated by commas, with or without `/data`."""
    for source in sources.split(","):
        parts = source.strip().removeprefix("/data").strip("/").split("/")
        if len(parts) != 5 or parts[:2] != ["prearchive", "projects"]:
            raise HttpRefusal(400, f"Invalid src: {source}")
        yield held(site, *parts[2:]).session


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


_DATA = "/data"
