"""Read the settings of one XNAT over REST and compare them with the recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from dicomferry.engine.doctor.bulk import dangers
from dicomferry.engine.doctor.checks import tried
from dicomferry.engine.doctor.identification import (
    Live,
    SettingDifference,
    component_of,
    differences,
)
from dicomferry.engine.doctor.scripts import differ, hint_of, live_scripts, script_remarks
from dicomferry.model import LEVELS, Check, CheckState, Place
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.servers import XnatScripts, XnatServer
from dicomferry.xnat.naming.options import Identification
from dicomferry.xnat.reading.generation import Generation, generation_of
from dicomferry.xnat.rest import RestClient, RestError
from dicomferry.xnat.rest.settings import DicomReceiver, SettingsReader, import_filter

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ADMINISTRATORS: Final = "ask with an administrator's login to learn it"
_MOST_SECONDS: Final = 60.0
"""Seconds by which the clocks may differ before the doctor warns."""


class SiteExaminer:
    """Examines one XNAT; `differences` are complete when `checks` has yielded its last.

    `scripts` are then those that the XNAT runs, where the recipe holds others; None otherwise.
    """

    def __init__(self, recipe: Recipe, name: str, server: XnatServer, client: RestClient) -> None:
        self.differences: list[SettingDifference] = []
        self.scripts: XnatScripts | None = None
        self._recipe = recipe
        self._name = name
        self._server = server
        self._client = client
        self._settings = SettingsReader(client)

    def checks(self) -> Iterator[Check]:
        """Yield the checks; after a login that fails there are no more."""
        login = tried(self._name, "REST", self._log_in)
        yield login
        if login.state is not CheckState.OK:
            return
        yield from self._encryption()
        looks: tuple[tuple[str, Callable[[], Iterator[Check]]], ...] = (
            ("release", self._version),
            ("projects", self._projects),
            ("receiver", self._receiver),
            ("site", self._site),
            ("anonymization", self._anonymization),
            ("bulk", self._bulk),
            ("clock", self._clock),
        )
        for what, look in looks:
            try:
                yield from look()
            except RestError as error:
                yield self._check(what, CheckState.UNKNOWN, error.message, error.hint)

    def _log_in(self) -> str:
        self._client.log_in()
        return f"{self._client.site.host} takes the login"

    def _encryption(self) -> Iterator[Check]:
        parts = urlsplit(self._client.site.url)
        if parts.scheme == "http" and parts.hostname not in _LOCAL:
            yield self._check(
                "TLS", CheckState.WARNING, "the login goes over the network in the clear",
                "use https in url:",
            )  # fmt: skip

    def _projects(self) -> Iterator[Check]:
        seen = self._settings.projects()
        declared = self._declared_projects()
        for name in declared:
            if name in seen:
                role = seen[name] or "can read"
                yield self._check(f"project {name}", CheckState.OK, f"the login is {role}")
            else:
                yield self._check(
                    f"project {name}", CheckState.FAILED, "the login cannot see it",
                    "XNAT files into a project only what its receiving user can read; all else"
                    " ends in Unassigned", ("projects",),
                )  # fmt: skip
        if not declared:
            shown = ", ".join(sorted(seen)) or "none"
            yield self._check(
                "projects", CheckState.WARNING,
                f"the recipe declares none; the login sees: {shown}",
                "without projects: every project is taken to be there",
            )  # fmt: skip

    def _receiver(self) -> Iterator[Check]:
        receivers = self._settings.receivers()
        if receivers is None:
            message = "this login may not see the receivers"
            yield self._check("receiver", CheckState.UNKNOWN, message, _ADMINISTRATORS)
            return
        dicom = self._server.dicom
        mine = [r for r in receivers if (r.ae_title, r.port) == (dicom.ae_title, dicom.port)]
        if not mine:
            known = ", ".join(f"{r.ae_title}:{r.port}" for r in receivers) or "none"
            yield self._check(
                "receiver", CheckState.FAILED, f"there is no {dicom.ae_title}:{dicom.port}",
                f"the receivers are: {known}; a port may be mapped on the way",
            )  # fmt: skip
            return
        yield from self._receiver_state(mine[0])
        yield from self._identification(mine[0])

    def _receiver_state(self, receiver: DicomReceiver) -> Iterator[Check]:
        state = CheckState.OK if receiver.enabled else CheckState.FAILED
        words = [receiver.identifier or "dicomObjectIdentifier"]
        words += ["is disabled"] if not receiver.enabled else []
        words += ["has a whitelist"] if receiver.whitelist else []
        words += ["archives directly"] if receiver.direct_archive else []
        yield self._check("receiver", state, ", ".join(words))
        if component_of(receiver.identifier) == "dqr" and not receiver.custom_processing:
            yield self._check(
                "receiver", CheckState.WARNING, "custom processing is off, which dqr relabels by"
            )  # fmt: skip

    def _identification(self, receiver: DicomReceiver) -> Iterator[Check]:
        if component_of(receiver.identifier) is None:
            yield self._check(
                "identifier", CheckState.UNKNOWN,
                f"{receiver.identifier} is one of the site's own, which the recipe cannot be"
                " compared with", "a plug-in can emulate it",
            )  # fmt: skip
            return
        live = Live(receiver, {}, self._generation())
        for level in (*LEVELS, "aa"):
            rules = self._settings.site_rules(level)
            if rules is None:
                message = f"this login may not see the site's {level} rules"
                yield self._check("rules", CheckState.UNKNOWN, message, _ADMINISTRATORS)
            else:
                live.site[level] = rules
        self.differences = list(differences(self._server, live))
        for difference in self.differences:
            yield self._check(
                "release" if difference.path == ("xnat",) else "rules",
                CheckState.NOTE if difference.undeclared else CheckState.DIFFERS,
                str(difference),
                "dicomferry doctor --write puts the server's into the recipe", difference.path,
            )  # fmt: skip
        differs = any(not difference.undeclared for difference in self.differences)
        if not differs and len(live.site) == len(LEVELS) + 1:
            yield self._check("rules", CheckState.OK, "identifier and rules are as declared")

    def _generation(self) -> Generation | None:
        version = self._settings.version()
        return generation_of(version) if version else None

    def _version(self) -> Iterator[Check]:
        version = self._settings.version()
        if version is None or generation_of(version) is None:
            told = f"the server calls itself '{version}'" if version else "it does not tell"
            yield self._check(
                "release", CheckState.UNKNOWN, told,
                "say which XNAT it is with identification: xnat:",
            )  # fmt: skip
        else:
            yield self._check("release", CheckState.OK, f"XNAT {version}")

    def _site(self) -> Iterator[Check]:
        site = self._settings.site()
        if site is None:
            message = "this login may not see the import filter"
            yield self._check("site", CheckState.UNKNOWN, message, _ADMINISTRATORS)
            return
        series = import_filter(site)
        if series is None:
            yield self._check(
                "import filter", CheckState.OK, "the site's series import filter is off"
            )
        else:
            yield self._check(
                "import filter", CheckState.WARNING, f"{series.mode}: {series.patterns}",
                "what it takes out is answered with success and is gone; verify shows it",
            )  # fmt: skip

    def _anonymization(self) -> Iterator[Check]:
        """Yield what the scripts do, and each statement of theirs that is not understood."""
        receiver = self._mine()
        live = live_scripts(
            self._settings,
            self._declared_projects() or self._settings.projects(),
            receiver_anonymizes=receiver is None or receiver.anonymizes,
        )
        for state, message in script_remarks(self._server, live):
            yield self._check("anonymization", state, message, hint_of(state))
        if not live.hidden and differ(self._server, live):
            self.scripts = live.declared

    def _declared_projects(self) -> list[str]:
        """Return the IDs of the projects that the recipe declares."""
        options = self._server.identification_options
        declared = options.projects if isinstance(options, Identification) else None
        return [one if isinstance(one, str) else one.id for one in declared or ()]

    def _bulk(self) -> Iterator[Check]:
        """Yield what is dangerous for thousands of sessions in a row."""
        site, plugins = self._settings.site(), self._settings.plugins()
        found = list(dangers(self._server, self._mine(), site, plugins))
        for danger in found:
            yield self._check("bulk", CheckState.WARNING, danger.message, danger.hint)
        if self._server.pace is None:
            yield self._check(
                "bulk", CheckState.NOTE,
                "the recipe has no pace: sessions are sent as fast as they go",
                "pace: {} sends no more sessions than XNAT can build",
            )  # fmt: skip
        elif not found:
            unseen = site is None or plugins is None
            state = CheckState.UNKNOWN if unseen else CheckState.OK
            words = "this login may not see all settings" if unseen else "sessions are paced"
            yield self._check("bulk", state, words, _ADMINISTRATORS if unseen else "")

    def _mine(self) -> DicomReceiver | None:
        """Return the receiver that the recipe sends to, as far as the login may see it."""
        dicom = self._server.dicom
        found = [r for r in self._settings.receivers() or ()
                 if (r.ae_title, r.port) == (dicom.ae_title, dicom.port)]  # fmt: skip
        return found[0] if found else None

    def _clock(self) -> Iterator[Check]:
        there = self._settings.clock()
        if there is None:
            yield self._check("clock", CheckState.UNKNOWN, "the server does not tell its time")
            return
        apart = abs((datetime.now(UTC) - there).total_seconds())
        state = CheckState.OK if apart <= _MOST_SECONDS else CheckState.WARNING
        yield self._check("clock", state, f"{apart:.0f} s from the one here")

    def _check(
        self,
        what: str,
        state: CheckState,
        message: str,
        hint: str = "",
        below: tuple[str, ...] = (),
    ) -> Check:
        place = self._place(below) if below else None
        return Check(self._name, what, state, message, hint, place)

    def _place(self, below: tuple[str, ...]) -> Place | None:
        """Return the place of a key in the recipe, or of the nearest key above it."""
        path = ["servers", self._name, "xnat", "identification", *below]
        while path:
            if place := self._recipe.place(".".join(path)):
                return place
            path.pop()
        return None
