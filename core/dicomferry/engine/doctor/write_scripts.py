"""Writes scripts into a server's block of a recipe, line by line where the block has lines."""

from __future__ import annotations

import re
from typing import Final

from dicomferry.recipe.servers import XnatScripts
from dicomferry.recipe.yaml.document import NodePath
from dicomferry.recipe.yaml.reading import parse_document
from dicomferry.recipe.yaml.rewriting import YamlText, written

_KEY: Final = "scripts"
_BRACES: Final = re.compile(r'("(?:\\.|[^\\"])*")|\{(?=\{)')
"""A string of DicomEdit, or the first of two braces, which a recipe takes for a template."""


def put_scripts(text: YamlText, server: NodePath, scripts: XnatScripts) -> None:
    """Put the scripts below a server's block, whether it has any or not."""
    way = (*server, _KEY)
    whole = text.source(server)
    if whole.startswith("{"):
        flow = _flow(scripts)
        if text.has(way):
            text.write(way, flow)
        else:
            text.write(server, f"{{{_KEY}: {flow}, {whole[1:]}")
        return
    if text.has(way):
        _remove(text, way)
        whole = text.source(server)
    column = parse_document(text.text, text.name).root
    for key in server:
        below = column.child(key)
        assert below is not None  # noqa: S101  the caller looked
        column = below
    indent = " " * (column.place.column - 1)
    text.write(server, f"{_block(scripts, indent)}{indent}{whole}")


def _remove(text: YamlText, way: NodePath) -> None:
    """Remove a key of a block with its value, and the line end behind them."""
    start, end = text.place(way)
    start = text.text.rindex("\n", 0, start) + 1 if "\n" in text.text[:start] else 0
    line_end = text.text.find("\n", end - 1)
    end = len(text.text) if line_end < 0 else max(end, line_end + 1)
    text.text = text.text[:start] + text.text[end:]


def _block(scripts: XnatScripts, indent: str) -> str:
    """Return the scripts as lines of YAML; the first begins behind the indentation."""
    lines = [f"{_KEY}:"]
    lines += _literal("site", scripts.site, f"{indent}  ")
    if scripts.projects:
        lines.append(f"{indent}  projects:")
        for project, script in scripts.projects.items():
            lines += _literal(project, script, f"{indent}    ")
    return "\n".join(lines) + "\n"


def _literal(key: str, script: str, indent: str) -> list[str]:
    lines = [line.rstrip() for line in _kept(script).strip("\r\n").splitlines()]
    if not any(lines):
        return [f'{indent}{written(key)}: ""']
    if lines[0].startswith(" ") or not all(line.isprintable() for line in lines):
        return [f"{indent}{written(key)}: {written(_kept(script))}"]
    below = [f"{indent}  {line}" if line else "" for line in lines]
    return [f"{indent}{written(key)}: |", *below]


def _flow(scripts: XnatScripts) -> str:
    projects = {project: _kept(script) for project, script in scripts.projects.items()}
    return written({"site": _kept(scripts.site), **({"projects": projects} if projects else {})})


def _kept(script: str) -> str:
    """Return a script as a recipe can hold it: DicomEdit skips the blank between two braces."""
    return _BRACES.sub(lambda match: match[1] or "{ ", script)
