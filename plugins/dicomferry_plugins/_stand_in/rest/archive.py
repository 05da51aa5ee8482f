"""The routes of the archive: projects, subjects and experiments."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from dicomferry import Destination
from dicomferry.xnat import archive_key, session_type, subject_key
from dicomferry_plugins._stand_in.rest.http import (
    HttpAnswer,
    HttpRefusal,
    HttpRequest,
    Row,
    item,
    plain_json,
    result_set,
)
from dicomferry_plugins._stand_in.rest.prearchive import project_ids
from dicomferry_plugins._stand_in.rest.scans import AddressedSession, scan_item
from dicomferry_plugins._stand_in.site.sessions import ReceivedSession
from dicomferry_plugins._stand_in.site.site import StandInSite

_DATE_LENGTH = 8


def projects(site: StandInSite, request: HttpRequest) -> HttpAnswer:
    """List the projects."""
    return result_set(map(_project_row, project_ids(site)), request)


def project(site: StandInSite, _request: HttpRequest, name: str) -> HttpAnswer:
    """Describe one project."""
    _known(site, name)
    return plain_json({"items": [item("xnat:projectData", _project_row(name))]})


def subjects(site: StandInSite, request: HttpRequest, project_id: str) -> HttpAnswer:
    """List the subjects of a project."""
    _known(site, project_id)
    return result_set(_subject_rows(site, project_id), request)


def subject(site: StandInSite, _request: HttpRequest, project_id: str, name: str) -> HttpAnswer:
    """Describe one subject, by label or accession number."""
    for row in _subject_rows(site, project_id):
        if name in {row["label"], row["ID"]}:
            return plain_json({"items": [item("xnat:subjectData", row)]})
    raise HttpRefusal(404, "Unable to find the specified subject.")


def experiments(
    site: StandInSite, request: HttpRequest, project_id: str = "", subject_name: str = ""
) -> HttpAnswer:
    """List sessions: of the archive, of a project, or of a subject.

    The query's `label`, `project` and `UID` filter them.
    """
    if project_id:
        _known(site, project_id)
    chosen = {
        "project": project_id or request.query.get("project", ""),
        "label": request.query.get("label", ""),
        "UID": request.query.get("UID", ""),
    }
    rows = [
        row
        for row in map(_row, site.holdings.archive.values())
        if all(not value or row[name] == value for name, value in chosen.items())
        and (not subject_name or subject_name in {row["subject_label"], _id(site, row)})
    ]
    return result_set([{**row, "subject_ID": _id(site, row)} for row in rows], request)


def held(
    site: StandInSite, experiment: str, project_id: str = "", subject_name: str = ""
) -> AddressedSession:
    """Return an archived session by label or accession number; 404 when there is none."""
    holdings = site.holdings
    labeled = archive_key(Destination(project_id, None, experiment))
    for session in (holdings.archive.get(labeled), holdings.experiments.get(experiment)):
        if session is None or (project_id and session.destination.project != project_id):
            continue
        if subject_name and subject_name not in _names_of_subject(site, session):
            continue
        return AddressedSession(session, f"/experiments/{session.experiment_id}")
    raise HttpRefusal(404, "Unable to find the specified experiment.")


def experiment_item(found: AddressedSession) -> HttpAnswer:
    """Describe one session with its scans."""
    session = found.session
    fields = {
        "ID": session.experiment_id,
        "label": session.destination.session,
        "project": session.destination.project,
        "UID": session.study_instance_uid,
        "modality": session.modality,
        "date": _date(session),
    }
    children = [{"field": "scans/scan", "items": [scan_item(s) for s in session.scans.values()]}]
    return plain_json({"items": [item(session_type(session.modality), fields, children)]})


def _names_of_subject(site: StandInSite, session: ReceivedSession) -> set[str | None]:
    return {session.destination.subject, _id(site, _row(session))}


def _known(site: StandInSite, project_id: str) -> None:
    if project_id not in project_ids(site):
        raise HttpRefusal(404, f"No project found for id {project_id}")


def _project_row(name: str) -> Row:
    return {
        "ID": name,
        "secondary_ID": name,
        "name": name,
        "description": "",
        "pi_firstname": "",
        "pi_lastname": "",
        "URI": f"/data/projects/{quote(name)}",
    }


def _subject_rows(site: StandInSite, project_id: str) -> Iterator[Row]:
    for (in_project, _), (accession, label) in site.holdings.subjects.items():
        if in_project == project_id:
            yield {
                "ID": accession,
                "project": project_id,
                "label": label,
                "insert_date": "",
                "insert_user": "admin",
                "URI": f"/data/subjects/{accession}",
            }


def _id(site: StandInSite, row: Row) -> str:
    key = (str(row["project"]), subject_key(str(row["subject_label"])))
    return site.holdings.subjects.get(key, ("", ""))[0]


def _row(session: ReceivedSession) -> Row:
    place = session.destination
    return {
        "ID": session.experiment_id,
        "project": place.project,
        "date": _date(session),
        "xsiType": session_type(session.modality),
        "label": place.session,
        "insert_date": "",
        "subject_label": place.subject,
        "UID": session.study_instance_uid,
        "URI": f"/data/experiments/{session.experiment_id}",
    }


def _date(session: ReceivedSession) -> str:
    date = session.study_date
    return f"{date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == _DATE_LENGTH else ""
