"""Recipes to start from: every line there for a reason that stands beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from dicomferry.recipe.yaml.rewriting import written

SOURCES: Final = ("folder", "csv-dqr", "pacs-query")
SINKS: Final = ("xnat-cstore", "export")
SCHEMA_FILE: Final = "recipe.schema.json"
SCHEMA_LINE: Final = f"# yaml-language-server: $schema={SCHEMA_FILE}"

_SUBJECT: Final = "{{ PatientID }}"
_SESSION: Final = "{{ PatientID }}_{{ Modality }}_{{ StudyDate }}"

_SERVER_PACS: Final = """\
  pacs:                               # where the instances are asked for
    pacs: {host: pacs.example.org, port: 104, ae_title: PACS, calling_ae_title: DICOMFERRY}
"""
_SERVER_XNAT: Final = """\
  xnat:                               # where they are sent
    xnat:
      dicom: {host: xnat.example.org, port: 8104, ae_title: XNAT}
      identification:                 # how this server names what arrives
        projects: ["{{ params.project }}"]
"""
_SOURCES: Final = {
    "csv-dqr": "  - csv-dqr: {file: wanted.csv, pacs: pacs}     # a CSV as XNAT's DQR takes it\n",
    "pacs-query": """\
  - pacs-query:                       # every study that agrees with all of these
      pacs: pacs
      where: {StudyDate: 20200101-20201231, ModalitiesInStudy: MR}
""",
}


class Starter(Struct, frozen=True):
    """What a recipe to start from is about; `parts` is a regular expression on a file's path."""

    name: str
    source: str = "folder"
    sink: str = "xnat-cstore"
    project: str = "PROJECT"
    archive: str = "archive"
    subject: str = _SUBJECT
    session: str = _SESSION
    parts: str = ""
    archives: bool = False
    facts: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the recipe's text."""
        return "\n".join(self._lines()).replace("\n\n\n", "\n\n") + "\n"

    def _lines(self) -> Iterator[str]:
        yield from (SCHEMA_LINE, "#")
        yield "# Read it from top to bottom: where the files come from, what is changed, where they"
        yield "# go. `dicomferry plan` shows what would happen; nothing is sent then."
        if self.facts:
            yield from ("#", "# What was found in the folder:")
        yield from (f"#   {fact}" for fact in self.facts)
        yield from ("", "recipe: 1", f"name: {written(self.name)}", "", *self._params())
        yield from self._servers()
        yield from ("sources:", *self._sources(), "", "transforms:", *self._transforms(), "")
        yield from ("sinks:", *self._sinks(), "")
        yield "tests:                                # `dicomferry test` tries them, without data"
        yield from self._tests()

    def _params(self) -> Iterator[str]:
        declared = []
        if self.sink == "xnat-cstore":
            default = written(self.project)
            declared.append(f"  project: {{default: {default}, description: XNAT project ID}}")
        if self.source == "folder":
            default = written(self.archive)
            declared.append(f"  archive: {{default: {default}, description: folder of the files}}")
        if declared:
            yield "params:                               # --set NAME=VALUE changes one for a run"
            yield from (*declared, "")

    def _servers(self) -> Iterator[str]:
        blocks = [_SERVER_PACS] if self.source != "folder" else []
        blocks += [_SERVER_XNAT] if self.sink == "xnat-cstore" else []
        if blocks:
            yield from ("servers:", "".join(blocks))

    def _sources(self) -> Iterator[str]:
        if self.source != "folder":
            yield _SOURCES[self.source].rstrip("\n")
            return
        yield from ("  - folder:", '      path: "{{ params.archive }}"')
        yield '      exclude: ["**/Thumbs.db", "**/.DS_Store"]'
        if self.archives:
            yield "      archives: true                  # zip and tar files are read in place"
        if self.parts:
            yield f"      parts: '{self.parts}'    # names in the path, as path.NAME below"

    def _transforms(self) -> Iterator[str]:
        yield "  - remap:                            # only what is named here is changed"
        yield "      delete: [OtherPatientIDs]"
        if self.sink != "xnat-cstore":
            return
        yield "  - identify:                         # what XNAT is to call it; a plan that differs"
        yield '      project: "{{ params.project }}" # is refused before anything is sent'
        yield f'      subject: "{self.subject}"'
        yield f'      session: "{self.session}"'
        yield "  - unify-uids: {study: derive}       # one StudyInstanceUID for each session"

    def _sinks(self) -> Iterator[str]:
        if self.sink == "xnat-cstore":
            yield "  - xnat-cstore: {server: xnat}"
            return
        yield from ("  - export:", "      path: out")
        yield f'      layout: "{self.subject}/{self.session}/{{{{ SOPInstanceUID }}}}.dcm"'

    def _tests(self) -> Iterator[str]:
        yield '  - given: {PatientID: S01, PatientName: S01, Modality: MR, StudyDate: "20200131",'
        yield '            OtherPatientIDs: "1"}'
        if self.parts:
            visit = ", visit: V1" if "<visit>" in self.parts else ""
            yield f"    path: {{subject: S01{visit}}}"
        yield "    expect:"
        if self.sink == "xnat-cstore":
            session = "S01" + "_MR" * ("Modality" in self.session)
            session += "_20200131" if "StudyDate" in self.session else "_V1"
            yield f"      project: {written(self.project)}"
            yield "      subject: S01"
            yield f"      session: {written(session)}"
        yield "      tags: {OtherPatientIDs: ~}"
