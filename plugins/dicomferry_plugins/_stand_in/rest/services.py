"""The services on prearchive sessions: archive, validate, move, delete, rebuild."""

from __future__ import annotations

from urllib.parse import parse_qs

from dicomferry.xnat import Merge, archive_key, is_unassigned
from dicomferry_plugins._stand_in.rest.http import (
    HttpAnswer,
    HttpRefusal,
    HttpRequest,
    plain_json,
    text,
)
from dicomferry_plugins._stand_in.rest.prearchive import archive_uri, move, named, remove
from dicomferry_plugins._stand_in.site.archiving import NO_PROJECT
from dicomferry_plugins._stand_in.site.sessions import merge_conflict
from dicomferry_plugins._stand_in.site.site import StandInSite

_MERGES = {
    "": Merge(allowed=False),
    "none": Merge(allowed=False),
    "append": Merge(),
    "delete": Merge(override=True),
    "override": Merge(override=True),
}
_EXISTS, _FAIL = "1", "FAIL"


def archive(site: StandInSite, request: HttpRequest) -> HttpAnswer:
    """Archive prearchive sessions; `overwrite` is none, append or delete.

    A conflict sets the session's status to CONFLICT; the answer is 409 with XNAT's message.
    """
    parameters = _parameters(request)
    merge = _merge(parameters.get("overwrite", ""))
    uris = []
    for session in list(named(site, parameters.get("src", ""))):
        if is_unassigned(session.destination):
            raise HttpRefusal(400, NO_PROJECT)
        session.build()
        if not site.holdings.move_to_archive(session, merge):
            raise HttpRefusal(409, session.conflict or "")
        site.forget_route(session)
        uris.append(archive_uri(session))
    return text("\n".join(uris) + "\n", 301 if len(uris) == 1 else 200)


def validate(site: StandInSite, request: HttpRequest) -> HttpAnswer:
    """Return the notices that archiving a session would raise, without archiving it."""
    found = []
    for session in named(site, _parameters(request).get("src", "")):
        existing = site.holdings.archive.get(archive_key(session.destination))
        message = merge_conflict(session, existing, Merge()) if existing else None
        if existing is not None:
            found.append({"code": _EXISTS, "type": "CONFLICT", "message": "Session already exists"})
        elif session.conflict is not None:
            found.append({"code": _EXISTS, "type": "CONFLICT", "message": session.conflict})
        if message is not None:
            found.append({"code": "", "type": _FAIL, "message": message})
    return plain_json(found)


def prearchive_service(site: StandInSite, request: HttpRequest, action: str) -> HttpAnswer:
    """Move, delete or rebuild prearchive sessions."""
    parameters = _parameters(request)
    for session in list(named(site, parameters.get("src", ""))):
        match action:
            case "delete":
                remove(site, session)
            case "rebuild":
                session.build()
            case "move":
                move(site, session, parameters.get("newProject", ""))
            case _:
                raise HttpRefusal(404, "Not Found")
    return text("")


def _merge(overwrite: str) -> Merge:
    if overwrite not in _MERGES:
        raise HttpRefusal(400, f"Invalid overwrite: {overwrite}")
    return _MERGES[overwrite]


def _parameters(request: HttpRequest) -> dict[str, str]:
    """Return the parameters of a service: those of the query and of a form in the body."""
    fields = parse_qs(request.body.decode("utf-8", "replace"))
    return {name: ",".join(values) for name, values in fields.items()} | dict(request.query)
