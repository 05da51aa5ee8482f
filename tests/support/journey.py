"""A recipe beside its data, a stand-in XNAT with both its sides, and the verbs run on them."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.options import Identification
from dicomferry_plugins._stand_in.site.settings import SiteSettings
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support.cli import ferry

PASSWORD = "canary-of-a-password"
SESSION = "{{ PatientID }}_{{ Modality }}"


@dataclass
class Journey:
    """One recipe and its XNAT; `ferry` runs a verb on it."""

    folder: Path
    xnat: XnatStandIn
    password: str = PASSWORD

    @property
    def recipe(self) -> Path:
        """The recipe's file."""
        return self.folder / "journey.yaml"

    def write(
        self, *, session: str = SESSION, project: str = "P", server: dict[str, Any] | None = None,
        rest: dict[str, Any] | None = None, identification: dict[str, Any] | None = None,
        transforms: Sequence[Any] = (),
        params: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Write the recipe; `server` overrules keys of the XNAT's block."""
        block = {
            "dicom": {"host": self.xnat.host, "port": self.xnat.port},
            "rest": {"url": self.xnat.url, "login": "${env:XNAT_LOGIN}"} | (rest or {}),
            "identification": {"projects": ["P"]} | (identification or {}),
        } | (server or {})
        labels = {"project": project, "subject": "{{ PatientID }}", "session": session}
        recipe = {
            "recipe": 1,
            "name": "journey",
            "params": params or {},
            "servers": {"xnat": {"xnat": block}},
            "sources": [{"folder": {"path": "data"}}],
            "transforms": [
                {"remap": {"set": {"StudyDescription": "NONE"}}},
                {"identify": labels},
                *transforms,
            ],
            "sinks": [{"xnat-cstore": {"server": "xnat"}}],
        }
        with self.recipe.open("w") as file:
            YAML(typ="safe").dump(recipe, file)

    def ferry(self, verb: str, *options: object) -> subprocess.CompletedProcess[str]:
        """Run a verb on the recipe."""
        env = {"XNAT_LOGIN": f"ferry:{self.password}"}
        return ferry(verb, self.recipe, *options, cwd=self.folder, env=env)

    def verify(self, *options: object) -> dict[str, Any]:
        """Run `verify` and return its report."""
        result = self.ferry("verify", "--format", "json", *options)
        assert result.stdout, result.stderr
        report: dict[str, Any] = json.loads(result.stdout)
        assert report["landed"] == (result.returncode == 0)
        return report


@contextmanager
def journey(folder: Path, *, builds_at: int = 0, **settings: Any) -> Iterator[Journey]:
    """Start an XNAT that has the project P, and write a recipe for it.

    It builds its sessions once it has `builds_at` instances: a quiet period that is short enough
    to be waited for is over too soon on a slow machine.
    """
    declared = settings.pop("declared", Identification(projects=["P"]))
    chosen = SiteSettings(login=f"ferry:{PASSWORD}", declared=declared, **settings)
    identifier = ClassicIdentifier(declared)
    with XnatStandIn(identifier, folder / "xnat", rest_port=0, settings=chosen) as xnat:
        one = Journey(folder, xnat)
        one.write()
        with _building(xnat, builds_at) if builds_at else nullcontext():
            yield one


@contextmanager
def _building(xnat: XnatStandIn, count: int) -> Iterator[None]:
    over = threading.Event()

    def wait_and_build() -> None:
        while len(xnat.receipts()) < count:
            if over.wait(0.01):
                return
        xnat.build()

    thread = threading.Thread(target=wait_and_build)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
