"""Wrong rules of identification: one text of one module of dicomferry changed at a time.

As a plug-in of pytest (`-p support.rule_mutants`) it puts the mutant whose name stands in
`DICOMFERRY_RULE_MUTANT` in place of the module, in that process alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import NamedTuple

CHOSEN = "DICOMFERRY_RULE_MUTANT"


class Mutant(NamedTuple):
    """`before` becomes `after`, once, in a module below `dicomferry.xnat`."""

    module: str
    before: str
    after: str


MUTANTS = {
    "subject-from-patient-id": Mutant(
        "naming.classic",
        '("PatientName", _PATIENT_NAME) if key is Key.SUBJECT',
        '("PatientID", _PATIENT_ID) if key is Key.SUBJECT',
    ),
    "accession-number-first": Mutant(
        "naming.classic",
        '("StudyDescription", _STUDY_DESCRIPTION),',
        '("AccessionNumber", _ACCESSION_NUMBER),',
    ),
    "comments-before-rules": Mutant(
        "naming.classic",
        "yield from from_rules(rules[key], header, self._reader)\n"
        "            yield from from_comments(key, header, self._reader)",
        "yield from from_comments(key, header, self._reader)\n"
        "            yield from from_rules(rules[key], header, self._reader)",
    ),
    "site-before-receiver": Mutant(
        "naming.classic",
        "receiver.get(key, RuleChain()) + site",
        "site + receiver.get(key, RuleChain())",
    ),
    "broken-rules-pass": Mutant("naming.classic", "chain.check()", "chain.rules"),
    "auto-archive-never": Mutant(
        "naming.classic", "return AutoArchive.AUTO", "return AutoArchive.MANUAL"
    ),
    "labels-not-cleaned": Mutant(
        "naming.classic", "to_label(found[1]), found[1])", "found[1], found[1])"
    ),
    "default-session": Mutant("naming.default_label", '"dicom_upload"', '"dicom-upload"'),
    "case-of-keys": Mutant("naming.assignment", "re.ASCII | re.IGNORECASE", "re.ASCII"),
    "bar-separates": Mutant("naming.assignment", r"{_ANY}[\s,;])", r"{_ANY}[\s,;|])"),
    "dots-in-values": Mutant("naming.assignment", r"([\w\-]*)", r"([\w\-.]*)"),
    "comments-of-many-lines": Mutant("naming.assignment", r"[^\n\r\u0085\u2028\u2029]*", r"[^\0]*"),
    "unicode-words": Mutant("naming.assignment", "re.ASCII | ", ""),
    "study-comments-first": Mutant(
        "naming.sources", '("PatientComments", 0x00104000),', '("StudyComments", 0x00324000),'
    ),
    "patient-history-not-read": Mutant(
        "naming.sources", '("AdditionalPatientHistory", 0x001021B0),', ""
    ),
    "empty-value-counts": Mutant(
        "naming.sources", "for source, text in candidates if text)",
        "for source, text in candidates if text is not None)",
    ),
    "project-case": Mutant(
        "naming.projects", "self._ids.get(text) if text", "self._ids.get(text.upper()) if text"
    ),
    "aliases-unknown": Mutant("naming.projects", "{**aliases, **{", "{**{"),
    "dots-in-labels": Mutant("labels", r"[^\w-]", r"[^\w.-]"),
    "window-of-80": Mutant("routing.rules", "_WINDOW = 64", "_WINDOW = 80"),
    "group-0": Mutant(
        "routing.rules", "1 if parts[4] is None", "0 if parts[4] is None"
    ),
    "carets-stay": Mutant("reading.dcm4che2", '"^ " if vr == "PN"', '" " if vr == "PN"'),
    "carets-go": Mutant("reading.dcm4che3", "[0].strip(_CONTROLS)", '[0].strip(_CONTROLS + "^")'),
    "any-date": Mutant("reading.dcm4che2", "not _is_date(date)", "not date"),
}  # fmt: skip


class _MutantLoader(SourceFileLoader):
    """Loads a module with one text of it changed; no bytecode is read or written."""

    def __init__(self, name: str, path: str, mutant: Mutant) -> None:
        super().__init__(name, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the mutant."""
        source = self.get_data(self.path).decode()
        assert source.count(self._mutant.before), f"{fullname} has no {self._mutant.before!r}"
        changed = source.replace(self._mutant.before, self._mutant.after, 1)
        code: CodeType = compile(changed, self.path, "exec", dont_inherit=True)
        return code


class _MutantFinder(MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module that the mutant takes the place of, and no other."""
        if fullname != f"dicomferry.xnat.{self._mutant.module}":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _MutantLoader(fullname, spec.origin, self._mutant)
        return spec


if name := os.environ.get(CHOSEN):
    sys.meta_path.insert(0, _MutantFinder(MUTANTS[name]))
