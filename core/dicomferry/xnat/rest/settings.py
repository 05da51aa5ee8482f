"""Reads the settings of an XNAT: receivers, rules, filters, anonymization, projects, clock.

Settings that only administrators may read are None for other logins: unknown, not off.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from msgspec import Struct

from dicomferry.model import LEVELS
from dicomferry.xnat.rest.client import RestClient, segment
from dicomferry.xnat.rest.errors import DeniedError, NotThereError, RestError

_ROLES: Final = ("owner", "member", "collaborator")
_DISABLED: Final = "disabled"


class DicomReceiver(Struct, frozen=True):
    """One DICOM receiver of an XNAT (`/xapi/dicomscp`).

    `identifier` is the name of its DicomObjectIdentifier. `rules` are its routing expressions by
    level; there are none where routing is disabled.
    """

    ae_title: str
    port: int
    enabled: bool
    identifier: str
    rules: Mapping[str, tuple[str, ...]]
    anonymizes: bool
    direct_archive: bool
    custom_processing: bool
    whitelist: bool


class Filter(Struct, frozen=True):
    """The site's series import filter; XNAT answers success for the instances that it discards."""

    mode: str
    patterns: str


class SettingsReader:
    """Reads the settings of one XNAT."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    def receivers(self) -> list[DicomReceiver] | None:
        """Return the receivers; None where the login may not read them."""
        try:
            answer = self._client.json("/xapi/dicomscp")
        except DeniedError:
            return None
        if not isinstance(answer, list):
            raise RestError("/xapi/dicomscp: the answer is not a list of receivers")
        return [_receiver(plain) for plain in answer if isinstance(plain, dict)]

    def site_rules(self, level: str) -> tuple[str, ...] | None:
        """Return the site's rules of a level (`project`, `subject`, `session`, `aa`).

        They are the configuration `dicom/{level}Rules`; None where the login may not read it.
        """
        try:
            rows = self._client.rows(f"/data/config/dicom/{level}Rules")
        except NotThereError:
            return ()
        except DeniedError:
            return None
        if not rows or rows[0].get("status", "").lower() == _DISABLED:
            return ()
        return lines_of(rows[0].get("contents", ""))

    def site(self) -> Mapping[str, Any] | None:
        """Return the site's preferences (`/xapi/siteConfig`); None unless an administrator asks."""
        try:
            answer = self._client.json("/xapi/siteConfig")
        except (DeniedError, NotThereError):
            return None
        return answer if isinstance(answer, dict) else None

    def site_script(self) -> str | None:
        """Return the site's anonymization script; empty while it is off.

        None where the login may not read it.
        """
        return self._script("/xapi/anonymize/site")

    def project_script(self, project: str) -> str | None:
        """Return the anonymization script of a project; empty where it has none, or it is off.

        None where the login may not read it.
        """
        return self._script(f"/xapi/anonymize/projects/{segment(project)}")

    def _script(self, path: str) -> str | None:
        try:
            if self._client.json(f"{path}/enabled") is not True:
                return ""
            return self._client.content(path).decode("utf-8", "replace")
        except (DeniedError, NotThereError):
            return None

    def plugins(self) -> frozenset[str] | None:
        """Return the IDs of the plug-ins of the server; None where it does not tell."""
        try:
            answer = self._client.json("/xapi/plugins")
        except (DeniedError, NotThereError):
            return None
        return frozenset(map(str, answer)) if isinstance(answer, dict) else None

    def version(self) -> str | None:
        """Return the release that the server says it is, such as `1.8.11`; None if it does not."""
        try:
            answer = self._client.json("/xapi/siteConfig/buildInfo")
        except (DeniedError, NotThereError):
            return None
        told = answer.get("version") if isinstance(answer, dict) else None
        return str(told) if told else None

    def projects(self) -> dict[str, str]:
        """Return the login's role (owner, member, … or empty) by project that it can read."""
        found = {row["ID"]: "" for row in self._projects("accessible") if row.get("ID")}
        for role in reversed(_ROLES):
            found.update({row["ID"]: role for row in self._projects(role) if row.get("ID")})
        return found

    def clock(self) -> datetime | None:
        """Return the server's time, to the second; None where it gives none."""
        try:
            told = parsedate_to_datetime(self._client.clock())
        except ValueError:
            return None
        # RFC 5322 3.3: `-0000` is UTC without a statement about the server's time zone.
        return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)

    def _projects(self, which: str) -> list[Mapping[str, str]]:
        return self._client.rows("/data/projects", **{which: "true"})


def import_filter(site: Mapping[str, Any]) -> Filter | None:
    """Return the site's series import filter; None while it is off."""
    if not site.get("enableSitewideSeriesImportFilter"):
        return None
    return Filter(
        str(site.get("sitewideSeriesImportFilterMode", "")),
        str(site.get("sitewideSeriesImportFilter", "")),
    )


def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines of rules without empty ones, which XNAT skips."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _receiver(plain: Mapping[str, Any]) -> DicomReceiver:
    routed, port = bool(plain.get("routingExpressionsEnabled")), str(plain.get("port"))
    rules = {
        level: lines_of(str(plain.get(f"{level}RoutingExpression") or "")) if routed else ()
        for level in LEVELS
    }
    return DicomReceiver(
        ae_title=str(plain.get("aeTitle", "")),
        port=int(port) if port.isdecimal() else 0,
        enabled=bool(plain.get("enabled", True)),
        identifier=str(plain.get("identifier") or ""),
        rules=rules,
        anonymizes=bool(plain.get("anonymizationEnabled", True)),
        direct_archive=bool(plain.get("directArchive")),
        custom_processing=bool(plain.get("customProcessing")),
        whitelist=bool(plain.get("whitelistEnabled")),
    )
