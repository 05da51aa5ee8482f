"""Writes a recipe to start from, out of the examples of the components it is to use.

A component's example (`Component.example`) is part of a recipe: lines below `sources:`,
`transforms:`, `sinks:`, `params:` or `tests:`. Servers are left out of it. It names a server as its
kind is called, and the kind's own example (`ServerKind.example`) is put into the recipe.
The values given to `init` replace those of every example: the params `project` and `archive`, and
the labels `SUBJECT` and `SESSION`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from dicomferry.contract.component import AnyComponent
from dicomferry.recipe.annotations import SERVER_FORMAT
from dicomferry.recipe.components import Components
from dicomferry.recipe.schema import option_schemas
from dicomferry.recipe.yaml.reading import parse_document
from dicomferry.recipe.yaml.rewriting import written

SCHEMA_FILE: Final = "recipe.schema.json"
SCHEMA_LINE: Final = f"# yaml-language-server: $schema={SCHEMA_FILE}"

PROJECT: Final = "PROJECT"
ARCHIVE: Final = "archive"
SUBJECT: Final = "{{ PatientID }}"
SESSION: Final = "{{ PatientID }}_{{ Modality }}_{{ StudyDate }}"
_TEST_SESSION: Final = "S01_MR_20200131"

_SECTIONS: Final = ("params", "servers", "sources", "transforms", "sinks", "tests")
_REMARKS: Final = {
    "params": "--set NAME=VALUE changes one for a run",
    "tests": "`dicomferry test` tries them, without data",
}
_TEST: Final = """\
  - given: {PatientID: S01}
    expect:
      tags: {PatientID: S01}
"""


class Starter(Struct, frozen=True):
    """What a recipe to start from is about; `parts` is a regular expression on a file's path."""

    name: str
    source: AnyComponent
    sink: AnyComponent
    project: str = PROJECT
    archive: str = ARCHIVE
    subject: str = SUBJECT
    session: str = SESSION
    parts: str = ""
    archives: bool = False
    facts: tuple[str, ...] = ()

    def text(self, components: Components) -> str:
        """Return the recipe's text; `components` has the kinds of server that it needs."""
        blocks = [self._head()]
        for section, lines in self._sections(components).items():
            remark = _REMARKS.get(section)
            head = f"{section}:"
            blocks.append((f"{head:<38}# {remark}" if remark else head) + f"\n{lines}")
        return "\n".join(blocks)

    def _head(self) -> str:
        lines = [
            SCHEMA_LINE,
            "#",
            "# Read it from top to bottom: where the files come from, what is changed, where they",
            "# go. `dicomferry plan` shows what would happen; nothing is sent then.",
        ]
        if self.facts:
            lines += ["#", "# What was found in the folder:"]
        lines += [f"#   {fact}" for fact in self.facts]
        return "\n".join([*lines, "", "recipe: 1", f"name: {written(self.name)}", ""])

    def _sections(self, components: Components) -> dict[str, str]:
        source, sink = sections_of(self.source), sections_of(self.sink)
        sections = {name: source.get(name, "") + sink.get(name, "") for name in _SECTIONS}
        params = sink.get("params", "") + source.get("params", "")
        sections["params"] = self._params(params)
        sections["servers"] = "".join(_servers(sections, components))
        sections["sources"] += "".join(self._reading())
        sections["transforms"] = self._labels(sections["transforms"])
        sections["sinks"] = self._labels(sections["sinks"])
        sections["tests"] = self._tests(sections["tests"] or _TEST)
        return {name: lines for name, lines in sections.items() if lines}

    def _params(self, lines: str) -> str:
        lines = lines.replace(f"default: {PROJECT},", f"default: {written(self.project)},")
        return lines.replace(f"default: {ARCHIVE},", f"default: {written(self.archive)},")

    def _reading(self) -> Iterator[str]:
        if self.archives:
            yield "      archives: true                  # zip and tar files are read in place\n"
        if self.parts:
            yield f"      parts: '{self.parts}'    # names in the path, as path.NAME below\n"

    def _labels(self, lines: str) -> str:
        around_sessions = lines.split(SESSION)
        return self.session.join(one.replace(SUBJECT, self.subject) for one in around_sessions)

    def _tests(self, lines: str) -> str:
        session = "S01" + "_MR" * ("Modality" in self.session)
        session += "_20200131" if "StudyDate" in self.session else "_V1"
        lines = lines.replace(f"project: {PROJECT}\n", f"project: {written(self.project)}\n")
        lines = lines.replace(f"session: {_TEST_SESSION}\n", f"session: {written(session)}\n")
        if not self.parts:
            return lines
        visit = ", visit: V1" if "<visit>" in self.parts else ""
        return lines.replace("    expect:", f"    path: {{subject: S01{visit}}}\n    expect:")


def sections_of(component: AnyComponent) -> dict[str, str]:
    """Return the lines of a component's example by the section of a recipe they belong to."""
    parts = re.split(r"^(\w+):.*\n", component.example, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def with_example(offered: Mapping[str, AnyComponent]) -> list[str]:
    """Return the names of the components that a recipe to start from can be made of."""
    return [name for name, component in offered.items() if component.example]


def takes(component: AnyComponent, param: str) -> bool:
    """Tell whether a component's example has a param of this name."""
    return f"{{{{ params.{param} }}}}" in component.example


def default_of(offered: Mapping[str, AnyComponent], param: str) -> str:
    """Return the first component whose example has a param of this name; empty without one."""
    return next((name for name, component in offered.items() if takes(component, param)), "")


def _servers(sections: Mapping[str, str], components: Components) -> Iterator[str]:
    """Yield the example of each kind of server that the steps name."""
    kinds = components.server_kinds()
    for name in dict.fromkeys(_server_names(sections, components)):
        if name in kinds:
            yield kinds[name].example


def _server_names(sections: Mapping[str, str], components: Components) -> Iterator[str]:
    for section, offered in components.by_section().items():
        plain: Any = parse_document(f"{section}:\n{sections[section]}", section).plain
        for step in plain[section] or ():
            for name, options in step.items():
                if name in offered:
                    yield from _named(offered[name], options)


def _named(component: AnyComponent, options: Mapping[str, object]) -> Iterator[str]:
    for option, schema in option_schemas(component).items():
        if schema.get("format") == SERVER_FORMAT and option in options:
            yield str(options[option])
