"""The contestant dicomferry: a process of its own, as its users run it."""

from __future__ import annotations

import compileall
import shutil
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from benchmarks.data import PROJECT
from benchmarks.measure import Cost, run

PROGRAM = (sys.executable, "-c", "from dicomferry.cli import main; main()")

_FOUR_EDITS = """
transforms:
  - remap:
      set:
        PatientID: "{{ PatientID | replace('PAT', 'ANON') }}"
        PatientName: "{{ PatientID | replace('PAT', 'ANON') }}"
        StudyDescription: LEGACY
        StudyInstanceUID: "{{ StudyInstanceUID }}.4"
"""
_LABELS = """
transforms:
  - identify:
      project: LEGACY
      subject: "{{ PatientID }}"
      session: "{{ PatientID }}_{{ Modality }}_{{ StudyDate }}"
      write: fields
  - unify-uids: {study: derive}
"""
TRANSFORMS = {"four edits": _FOUR_EDITS, "labels and UIDs": _LABELS, "none": ""}
"""Recipes: four edits like dcmodify's; labels and one UID per session; no transforms."""


def compile_modules() -> None:
    """Compile the checkout's modules, as pip does with an installed package."""
    for package in ("dicomferry", "dicomferry_plugins"):
        spec = find_spec(package)
        for folder in (spec and spec.submodule_search_locations) or ():
            compileall.compile_dir(folder, quiet=1)


class Ferry:
    """One recipe in a folder of its own; a `fresh` run starts with an empty ledger."""

    def __init__(self, folder: Path, archive: Path, port: int, transforms: str) -> None:
        self.folder = folder / f"recipe-{time.monotonic_ns()}"
        self.folder.mkdir()
        self.recipe = self.folder / "recipe.yaml"
        # Without transforms no instance has a project: XNAT files it under Unassigned.
        self.recipe.write_text(
            "recipe: 1\nname: benchmark\nservers:\n  xnat:\n    xnat:\n"
            f"      dicom: {{host: 127.0.0.1, port: {port}, ae_title: XNAT}}\n"
            f"      identification: {{projects: [{PROJECT}]}}\n"
            f"sources:\n  - folder: {{path: {archive}}}\n{TRANSFORMS[transforms]}"
            "sinks:\n  - xnat-cstore: {server: xnat}\n"
            "allow: [unassigned, extra-study-uids, study-in-several-sessions]\n"
        )

    def run(self, *, memory: bool = False) -> Cost:
        """Run the recipe."""
        return run([*PROGRAM, "run", self.recipe], memory=memory)

    def plan(self) -> Cost:
        """Plan the recipe."""
        return run([*PROGRAM, "plan", "--format", "json", self.recipe])

    def forget(self) -> None:
        """Remove the ledger."""
        shutil.rmtree(self.folder / ".dicomferry", ignore_errors=True)


def start_up(*words: str) -> Cost:
    """Run a verb that does almost nothing."""
    return run([*PROGRAM, *words])
