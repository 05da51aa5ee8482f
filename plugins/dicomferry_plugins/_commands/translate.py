"""Writes the recipe that does what a script's dcmodify and storescu commands do."""

from __future__ import annotations

from collections.abc import Iterator

from dicomferry.contract import Translation
from dicomferry.options import written
from dicomferry_plugins._commands.dcmodify import Modification, groups, read_modification
from dicomferry_plugins._commands.shell import Files, NotTranslated, Script, files_of, read_script
from dicomferry_plugins._commands.storescu import Sending, read_sending
from dicomferry_plugins._commands.words import (
    as_shell,
    as_template,
    parameter,
    parameters,
    read_commands,
)

_IN_PLACE = "files are not changed where they are: the edited ones are written into a new folder"


def translate(script_text: str, name: str) -> Translation | None:
    """Return the recipe that does what a script does to DICOM files; None where it runs no tool."""
    script = read_script(read_commands(script_text))
    if not script.uses:
        return None
    modifications = [
        _with_files(read_modification(use), use.files)
        for use in script.uses
        if use.tool == "dcmodify"
    ]
    sendings = [read_sending(use) for use in script.uses if use.tool != "dcmodify"]
    draft = _Draft(name, script, modifications, sendings)
    return Translation(draft.text(), tuple(map(str, draft.faults)))


def _with_files(
    modification: Modification, files: tuple[Files, ...]
) -> tuple[Modification, tuple[Files, ...]]:
    named = tuple(files_of(tuple(modification.operands), recurse=False))
    return modification, files or named


class _Draft:
    def __init__(
        self,
        name: str,
        script: Script,
        modifications: list[tuple[Modification, tuple[Files, ...]]],
        sendings: list[Sending],
    ) -> None:
        self._name = name
        self._faults = list(script.faults)
        self._sendings = [one for one in sendings if one.host]
        for one in sendings:
            self._faults += one.faults
        self._edits: list[Modification] = []
        self._files: tuple[Files, ...] = ()
        for modification, files in modifications:
            self._take(modification, files)
        self._settle_files()

    @property
    def faults(self) -> tuple[NotTranslated, ...]:
        return tuple(sorted(self._faults, key=lambda fault: fault.line))

    def _take(self, modification: Modification, files: tuple[Files, ...]) -> None:
        """Keep a modification; one recipe has one set of files to edit."""
        if self._edits and files != self._files:
            why = f"it edits other files than line {self._edits[0].line}: write another recipe"
            self._faults.append(NotTranslated(modification.line, "dcmodify", why))
            return
        self._files = files
        self._edits.append(modification)
        self._faults += modification.faults
        if modification.present and len(list(groups(modification.changes))) > 1:
            why = "edits in several steps: a file without one of its attributes is edited in part"
            self._faults.append(NotTranslated(modification.line, "dcmodify", why))

    def _settle_files(self) -> None:
        """Carry the files that are edited, else those that are sent; list where the two differ."""
        for sending in self._sendings:
            if not self._files and not self._edits:
                self._files = sending.files
            self._compare(sending)
        if self._edits and not self._sendings:
            self._faults.append(NotTranslated(self._edits[0].line, "dcmodify", _IN_PLACE))
        if not self._files:
            lines = [edit.line for edit in self._edits] + [one.line for one in self._sendings]
            why = "they are not named there: the recipe has a parameter for their folder"
            self._faults.append(NotTranslated(min(lines, default=1), "the files", why))
            self._files = (Files(parameter("archive")),)

    def _compare(self, sending: Sending) -> None:
        others = set(sending.files) - set(self._files)
        if others:
            what = "sends " + ", ".join(f"{one.folder}/{one.include[0]}" for one in others)
            why = "not what is edited; the recipe sends the edited files"
            self._faults.append(NotTranslated(sending.line, as_shell(what), why))
        elif self._edits and sending.line < self._edits[-1].line:
            why = "it comes before an edit; the recipe edits first"
            self._faults.append(NotTranslated(sending.line, "the order", why))

    def text(self) -> str:
        return "\n".join([*self._head(), *self._body(), *self._tests(), *self._notes()]) + "\n"

    def _head(self) -> Iterator[str]:
        yield from ["", "recipe: 1", f"name: {self._name}"]
        names = list(dict.fromkeys(parameters(self._everything())))
        if names:
            yield from ["", "params:"]
            yield from [f"  {name}: {{description: as in the script}}" for name in names]

    def _everything(self) -> str:
        files = " ".join(f"{one.folder} {' '.join(one.include)}" for one in self._files)
        sent = " ".join(f"{s.host} {s.port} {s.called} {s.calling}" for s in self._sendings)
        edits = " ".join(c.text for m in self._edits for c in m.changes)
        return f"{files} {sent} {edits}"

    def _body(self) -> Iterator[str]:
        if self._sendings:
            yield from ["", "servers:"]
        for name, sending in self._servers():
            yield from _server(name, sending)
        yield from ["", "sources:"]
        for one in self._files:
            include = ", ".join(written(as_template(pattern)) for pattern in one.include)
            folder = written(as_template(one.folder))
            yield f"  - folder: {{path: {folder}, include: [{include}]}}"
        if any(one.changes for one in self._edits):
            yield from ["", "transforms:"]
        for modification in self._edits:
            yield from _remap(modification)
        yield from ["", "sinks:"]
        for name, _ in self._servers():
            yield f"  - xnat-cstore: {{server: {name}}}"
        if not self._sendings:
            yield from ["  - export:", "      path: edited"]
            layout = "{{ StudyInstanceUID }}/{{ SeriesInstanceUID }}/{{ SOPInstanceUID }}.dcm"
            yield f'      layout: "{layout}"'

    def _servers(self) -> Iterator[tuple[str, Sending]]:
        for number, sending in enumerate(self._sendings, 1):
            yield "xnat" if number == 1 else f"xnat-{number}", sending

    def _tests(self) -> Iterator[str]:
        """Write a test of the last text given to each attribute; parameters have none yet."""
        final: dict[str, str | None] = {}
        for modification in self._edits:
            for change in () if modification.present else modification.changes:
                if change.section == "set" and "[" not in change.attribute:
                    final[change.attribute] = None if parameters(change.text) else change.text
                else:
                    final.pop(change.attribute, None)
        tags = {name: value.rstrip(" ") for name, value in final.items() if value is not None}
        if tags:
            yield from ["", "tests:", "  - given: {}", f"    expect: {{tags: {written(tags)}}}"]

    def _notes(self) -> Iterator[str]:
        if self.faults:
            yield from ["", "# Not as in the script:"]
            yield from [f"#   {as_shell(str(fault))}" for fault in self.faults]


def _server(name: str, sending: Sending) -> Iterator[str]:
    yield from [f"  {name}:", "    xnat:", "      dicom:"]
    parts = {
        "host": sending.host,
        "port": sending.port,
        "ae_title": sending.called,
        "calling_ae_title": sending.calling,
    }
    for key, value in parts.items():
        number = key == "port" and value.isdigit()
        yield f"        {key}: {value if number else written(as_template(value))}"


def _remap(modification: Modification) -> Iterator[str]:
    steps = list(groups(modification.changes))
    for number, step in enumerate(steps):
        yield f"  - remap:{'' if number else f'   # line {modification.line}'}"
        for section, edits in step.items():
            yield f"      {section}:"
            if section == "delete":
                yield from [f"        - {written(name)}" for name in edits]
            else:
                yield from [f"        {written(k)}: {_quoted(v)}" for k, v in edits.items()]
        if modification.present:
            yield f"    when: {written(_present(modification.present))}"


def _quoted(text: str) -> str:
    shown = written(as_template(text))
    return shown if shown.startswith('"') else f'"{shown}"'


def _present(names: list[str]) -> str:
    return " and ".join(
        f"{name} is defined" if name.isidentifier() else f"tag('{name}') is defined"
        for name in names
    )
