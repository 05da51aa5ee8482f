"""The table of routes of the REST server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from dicomferry_plugins._stand_in.rest import archive, config, imports, prearchive, scans, services
from dicomferry_plugins._stand_in.rest.http import (
    HttpAnswer,
    HttpRefusal,
    HttpRequest,
    plain_json,
    text,
)
from dicomferry_plugins._stand_in.rest.login import Logins, user_of
from dicomferry_plugins._stand_in.rest.scans import AddressedSession
from dicomferry_plugins._stand_in.site.site import StandInSite

if TYPE_CHECKING:
    from dicomferry_plugins._stand_in.dicom.scp import StorageScp

Handler = Callable[..., HttpAnswer]
Find = Callable[..., AddressedSession]

_PREARCHIVED = "/data/prearchive/projects/{}/{}/{}"
_NAME = re.compile(r"\{\}")


class Route(Struct, frozen=True):
    """One route: `pattern` has a group for each name in the path."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler


class Routes:
    """The routes of one stand-in."""

    def __init__(self, site: StandInSite, scp: StorageScp, logins: Logins) -> None:
        self._routes = tuple(
            Route(method, re.compile(_NAME.sub("([^/]+)", path)), handler)
            for method, path, handler in (
                *_login(logins),
                *_site(site, scp),
                *_prearchive(site),
                *_archive(site),
            )
        )

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """Return the answer of a request's route; raises `HttpRefusal` for an unknown one."""
        path = _plain(request.path)
        matches = [
            (route, match)
            for route in self._routes
            if (match := route.pattern.fullmatch(path)) is not None
        ]
        for route, match in matches:
            if route.method == request.method:
                return route.handler(request, *match.groups())
        if matches:
            raise HttpRefusal(405, "Method Not Allowed")
        raise HttpRefusal(404, "Not Found: the stand-in has no such route")


Entry = tuple[str, str, Handler]


def _login(logins: Logins) -> Iterator[Entry]:
    yield "GET", "/data/JSESSION", logins.open
    yield "POST", "/data/JSESSION", logins.open
    yield "DELETE", "/data/JSESSION", logins.close
    yield "GET", "/data/services/tokens/issue", logins.issue
    yield "GET", "/xapi/users/username", lambda request: text(user_of(request))


def _site(site: StandInSite, scp: StorageScp) -> Iterator[Entry]:
    def receiver(_request: HttpRequest, number: str) -> HttpAnswer:
        if number != "1":
            raise HttpRefusal(404, "Not Found")
        return plain_json(config.receivers(site, scp)[0])

    yield "GET", "/data/config/dicom/{}", _of(site, config.rules)
    yield "PUT", "/data/config/dicom/{}", _of(site, config.set_rules)
    yield "GET", "/xapi/dicomscp", lambda _request: plain_json(config.receivers(site, scp))
    yield "GET", "/xapi/dicomscp/{}", receiver
    yield "GET", "/xapi/plugins", lambda _request: plain_json({})
    yield "GET", "/xapi/siteConfig", _of(site, config.site_config)
    yield "GET", "/xapi/siteConfig/buildInfo", _of(site, config.build_info)
    yield "GET", "/xapi/siteConfig/{}", _of(site, config.site_config)
    yield "GET", "/xapi/anonymize/site", _of(site, config.script)
    yield "GET", "/xapi/anonymize/site/enabled", _of(site, config.script_enabled)
    yield "GET", "/xapi/anonymize/projects/{}", _of(site, config.project_script)
    yield "GET", "/xapi/anonymize/projects/{}/enabled", _of(site, config.project_script_enabled)
    yield "GET", "/data/routing", _of(site, config.routes)
    yield "DELETE", "/data/routing", _of(site, config.clear_routes)
    for method in ("GET", "PUT", "DELETE"):
        yield method, "/data/routing/{}", _of(site, config.route)


def _prearchive(site: StandInSite) -> Iterator[Entry]:
    yield "GET", "/data/prearchive", _of(site, prearchive.listing)
    yield "GET", "/data/prearchive/projects", _of(site, prearchive.listing)
    yield "GET", "/data/prearchive/projects/{}", _of(site, prearchive.of_projects)
    yield "GET", _PREARCHIVED, _of(site, prearchive.one)
    yield "POST", _PREARCHIVED, _of(site, prearchive.act)
    yield "DELETE", _PREARCHIVED, _of(site, prearchive.delete)
    yield "GET", f"{_PREARCHIVED}/logs", _of(site, prearchive.logs)
    yield from _scans(site, _PREARCHIVED, lambda *path: prearchive.held(site, *path), 3)
    yield "POST", "/data/services/prearchive/{}", _of(site, services.prearchive_service)
    yield "POST", "/data/services/archive", _of(site, services.archive)
    yield "POST", "/data/services/validate-archive", _of(site, services.validate)
    yield "POST", "/data/services/import", _of(site, imports.import_dicom)


def _archive(site: StandInSite) -> Iterator[Entry]:
    def by_subject(project: str, subject: str, experiment: str) -> AddressedSession:
        return archive.held(site, experiment, project, subject)

    def by_project(project: str, experiment: str) -> AddressedSession:
        return archive.held(site, experiment, project)

    def by_id(experiment: str) -> AddressedSession:
        return archive.held(site, experiment)

    yield "GET", "/data/projects", _of(site, archive.projects)
    yield "GET", "/data/projects/{}", _of(site, archive.project)
    yield "GET", "/data/projects/{}/subjects", _of(site, archive.subjects)
    yield "GET", "/data/projects/{}/subjects/{}", _of(site, archive.subject)
    yield "GET", "/data/experiments", _of(site, archive.experiments)
    yield "GET", "/data/projects/{}/experiments", _of(site, archive.experiments)
    yield "GET", "/data/projects/{}/subjects/{}/experiments", _of(site, archive.experiments)
    places: tuple[tuple[str, Find, int], ...] = (
        ("/data/experiments/{}", by_id, 1),
        ("/data/projects/{}/experiments/{}", by_project, 2),
        ("/data/projects/{}/subjects/{}/experiments/{}", by_subject, 3),
    )
    for path, find, names in places:
        yield "GET", path, _found(site, find, lambda held, _request: archive.experiment_item(held))
        yield from _scans(site, path, find, names)


def _scans(site: StandInSite, path: str, find: Find, names: int) -> Iterator[Entry]:
    """Yield the routes below a session; the session's own path has `names` names."""

    def below(handler: Handler) -> Handler:
        def follow(request: HttpRequest, *parts: str) -> HttpAnswer:
            with site.lock:
                held = find(*parts[:names])
                return handler(request, held, *parts[names:])

        return follow

    scan = f"{path}/scans/{{}}"
    dicom = f"{scan}/resources/{{}}"
    yield "GET", f"{path}/scans", below(lambda q, held: scans.scans_of(held, q))
    yield "GET", scan, below(lambda q, held, scan: scans.scan_of(held, scan, q))
    yield "GET", f"{scan}/resources", below(lambda q, held, s: scans.resources_of(held, s, q))
    yield "GET", dicom, below(lambda q, held, s, r: scans.resource_of(held, s, r, q))
    yield "GET", f"{dicom}/files", below(lambda q, held, s, r: scans.files_of(held, s, r, q))
    yield "GET", f"{scan}/files", below(lambda q, held, s: scans.files_of(held, s, "ALL", q))
    yield (
        "GET",
        f"{dicom}/files/{{}}",
        below(lambda _q, held, s, r, name: scans.file_of(site, held, s, r, name)),
    )


def _of(site: StandInSite, handler: Handler) -> Handler:
    """Return a handler that holds the site's lock."""

    def follow(request: HttpRequest, *parts: str) -> HttpAnswer:
        with site.lock:
            return handler(site, request, *parts)

    return follow


def _found(site: StandInSite, find: Find, handler: Handler) -> Handler:
    def follow(request: HttpRequest, *parts: str) -> HttpAnswer:
        with site.lock:
            return handler(find(*parts), request)

    return follow


def _plain(path: str) -> str:
    """Return a path with XNAT's synonyms replaced: `/REST` and `/data/archive` are `/data`."""
    path = re.sub(r"\A/REST(?=/|\Z)", "/data", path)
    path = re.sub(r"\A/data/archive(?=/)", "/data", path)
    return path.rstrip("/") or "/"
