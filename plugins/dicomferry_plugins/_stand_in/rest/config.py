"""The routes of the site's configuration: rules, receivers, preferences, routing table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from dicomferry.xnat import DqrIdentifier, Generation
from dicomferry_plugins._stand_in.rest.http import (
    HttpAnswer,
    HttpRefusal,
    HttpRequest,
    plain_json,
    result_set,
    text,
)
from dicomferry_plugins._stand_in.rest.prearchive import project_ids
from dicomferry_plugins._stand_in.site.site import StandInSite

if TYPE_CHECKING:
    from dicomferry_plugins._stand_in.dicom.scp import StorageScp

_LEVELS = {
    "projectRules": "project",
    "subjectRules": "subject",
    "sessionRules": "session",
    "aaRules": "aa",
}
_FORM = "application/x-www-form-urlencoded"


def build_info(site: StandInSite, _request: HttpRequest) -> HttpAnswer:
    """Return a release of the generation that is emulated, and that this is no XNAT."""
    release = "1.9.3" if site.declared.xnat is Generation.XNAT_1_9 else "1.10.2"
    return plain_json(
        {"version": release, "isDirty": "false", "standIn": "dicomferry; this is not an XNAT"}
    )


def rules(site: StandInSite, request: HttpRequest, path: str) -> HttpAnswer:
    """Return the site's routing rules of one level; 404 where none are set."""
    contents = "\n".join(getattr(site.declared.site, _level(path)))
    if not contents:
        if request.query.get("accept-not-found") == "true":
            return text("", 204)
        raise HttpRefusal(404, f"Config not found for user admin and tool dicom and path {path}")
    if request.query.get("contents") == "true":
        return text(contents)
    row = {
        "tool": "dicom",
        "path": path,
        "project": "",
        "user": "admin",
        "create_date": "",
        "reason": "",
        "contents": contents,
        "unversioned": "false",
        "version": "1",
        "status": "enabled",
    }
    return result_set([row], request)


def set_rules(site: StandInSite, request: HttpRequest, path: str) -> HttpAnswer:
    """Set the site's routing rules of one level; XNAT does not parse them here.

    XNAT takes a rule that does not parse, and then fails at every instance.
    """
    lines = request.body.decode("utf-8", "replace").splitlines()
    site_rules = replace(site.declared.site, **{_level(path): [line for line in lines if line]})
    site.configure(replace(site.declared, site=site_rules))
    return text("", 201)


def receivers(site: StandInSite, scp: StorageScp) -> list[Mapping[str, object]]:
    """Return a list of the only receiver, as `/xapi/dicomscp` describes it."""
    receiver = site.declared.receiver
    dqr = isinstance(site.identifier, DqrIdentifier)
    return [
        {
            "id": 1,
            "aeTitle": scp.ae_title,
            "port": scp.port,
            "identifier": "dqrObjectIdentifier" if dqr else "dicomObjectIdentifier",
            "fileNamer": "dicomFileNamer",
            "enabled": True,
            "customProcessing": dqr,
            "directArchive": False,
            "anonymizationEnabled": site.settings.anonymize,
            "whitelistEnabled": bool(site.settings.whitelist),
            "whitelist": list(site.settings.whitelist),
            "routingExpressionsEnabled": bool(
                receiver.project or receiver.subject or receiver.session
            ),
            "projectRoutingExpression": "\n".join(receiver.project),
            "subjectRoutingExpression": "\n".join(receiver.subject),
            "sessionRoutingExpression": "\n".join(receiver.session),
        }
    ]


def site_config(site: StandInSite, _request: HttpRequest, name: str = "") -> HttpAnswer:
    """Return the site's preferences, or one of them."""
    preferences = site.settings.site_config()
    if not name:
        return plain_json(dict(preferences))
    if name not in preferences:
        raise HttpRefusal(404, f"No site configuration property {name}")
    return plain_json(preferences[name])


def script(site: StandInSite, _request: HttpRequest) -> HttpAnswer:
    """Return the site-wide anonymization script."""
    return text(site.anonymizer.site_text)


def script_enabled(site: StandInSite, _request: HttpRequest) -> HttpAnswer:
    """Return whether the site-wide script runs."""
    return plain_json(site.settings.anonymize)


def project_script(site: StandInSite, _request: HttpRequest, project: str) -> HttpAnswer:
    """Return the script of a project; 204 where it has none."""
    _known(site, project)
    found = site.anonymizer.project_texts.get(project)
    return text(found) if found else text("", 204)


def project_script_enabled(site: StandInSite, _request: HttpRequest, project: str) -> HttpAnswer:
    """Return whether the script of a project runs."""
    _known(site, project)
    return plain_json(bool(site.anonymizer.project_texts.get(project)))


def _known(site: StandInSite, project: str) -> None:
    if project not in project_ids(site):
        raise HttpRefusal(404, f"No project {project}")


def routes(site: StandInSite, _request: HttpRequest) -> HttpAnswer:
    """List the routing table, which DQR's identifier reads: a project by StudyInstanceUID."""
    rows = [
        {"studyInstanceUid": uid, "projectId": project}
        for uid, project in site.declared.routing.items()
    ]
    return plain_json(rows)


def route(site: StandInSite, request: HttpRequest, study: str) -> HttpAnswer:
    """Return, set or delete the routing of one study; PUT overwrites an old one."""
    routing = dict(site.declared.routing)
    if request.method == "PUT":
        routing[study] = _routed_to(site, request)
    elif study not in routing:
        raise HttpRefusal(404, f"No routing found for {study}")
    elif request.method == "GET":
        return plain_json({"studyInstanceUid": study, "projectId": routing[study]})
    else:
        del routing[study]
    site.configure(replace(site.declared, routing=routing))
    return text("")


def clear_routes(site: StandInSite, _request: HttpRequest) -> HttpAnswer:
    """Delete every routing."""
    site.configure(replace(site.declared, routing={}))
    return text("")


def _routed_to(site: StandInSite, request: HttpRequest) -> str:
    from urllib.parse import parse_qs

    if request.headers.get("content-type", "").split(";")[0].strip() != _FORM:
        raise HttpRefusal(415, "Unsupported Media Type")
    fields = parse_qs(request.body.decode("utf-8", "replace"))
    if {"subject", "label"} & fields.keys():
        raise HttpRefusal(
            400,
            "This restlet currently only supports assigning to project, not subject or label.",
        )
    if not fields.get("project"):
        raise HttpRefusal(400, "You must specify a project.")
    if fields["project"][-1] not in project_ids(site):
        raise HttpRefusal(403, "You do not have edit permission in that project.")
    return fields["project"][-1]


def _level(path: str) -> str:
    if path not in _LEVELS:
        raise HttpRefusal(404, f"Config not found for user admin and tool dicom and path {path}")
    return _LEVELS[path]
