"""Write a server's own rules and scripts into the recipe; other characters stay as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from dicomferry.engine.doctor.identification import SettingDifference
from dicomferry.engine.doctor.write_scripts import put_scripts
from dicomferry.errors import FerryError
from dicomferry.recipe.servers import XnatScripts
from dicomferry.recipe.yaml.document import Node, NodePath
from dicomferry.recipe.yaml.reading import parse_document
from dicomferry.recipe.yaml.rewriting import YamlText, read_text, write_text, written

Value = str | tuple[str, ...]


def write_live(
    path: Path,
    differences: Mapping[str, Sequence[SettingDifference]],
    scripts: Mapping[str, XnatScripts],
) -> int:
    """Change the server blocks of a recipe; return the number of values that were changed.

    Raises `FerryError` when the file does not hold the server, or cannot be written.
    """
    text = read_text(path)
    count = 0
    for name, settings in differences.items():
        for difference in settings:
            way = (*_server(text, path, name), "identification", *difference.path)
            _put(text, way, difference.live)
            count += 1
    for name, of_server in scripts.items():
        put_scripts(text, _server(text, path, name), of_server)
        count += 1
    parse_document(text.text, str(path))
    write_text(path, text.text)
    return count


def _server(text: YamlText, path: Path, name: str) -> NodePath:
    way: NodePath = ("servers", name, "xnat")
    if not text.has(way):
        raise FerryError(
            f"{path}: the server '{name}' is not declared in this file",
            hint="run doctor on the recipe that declares it",
        )
    return way


def _put(text: YamlText, way: NodePath, value: Value) -> None:
    """Replace the value at the end of `way`, or add the missing keys of `way` and the value."""
    root = parse_document(text.text, text.name).root
    length = _known(root, way)
    if length == len(way):
        text.write(way, _replaced(text.source(way), value, _column(root, way)))
        return
    above = way[:length]
    source = f"{written(str(way[length]))}: {_flow(way[length + 1 :], value)}"
    if not _keys(root, above):
        text.write(above, f"{{{source}}}")
    elif text.source(above).startswith("{"):
        inside = text.source(above)[1:]
        text.write(above, f"{{{source}, {inside}")
    else:
        text.write(above, f"{source}\n{' ' * _column(root, above)}{text.source(above)}")


def _known(root: Node, way: NodePath) -> int:
    """Return how many keys of `way` the recipe has."""
    node = root
    for steps, key in enumerate(way):
        below = node.child(key)
        if below is None:
            return steps
        node = below
    return len(way)


def _keys(root: Node, way: NodePath) -> bool:
    """Tell whether the end of `way` is a mapping that is not empty."""
    node = _at(root, way)
    return isinstance(node.value, Mapping) and bool(node.value)


def _column(root: Node, way: NodePath) -> int:
    """Return the column, from 0, at which a value begins."""
    return _at(root, way).place.column - 1


def _at(root: Node, way: NodePath) -> Node:
    node = root
    for key in way:
        below = node.child(key)
        assert below is not None  # noqa: S101  `_known` went this way
        node = below
    return node


def _replaced(before: str, value: Value, column: int) -> str:
    if isinstance(value, tuple) and value and before.startswith("- "):
        return f"\n{' ' * column}".join(f"- {written(line)}" for line in value)
    return _flow((), value)


def _flow(way: NodePath, value: Value) -> str:
    if way:
        return f"{{{written(str(way[0]))}: {_flow(way[1:], value)}}}"
    if isinstance(value, str):
        return written(value)
    return f"[{', '.join(map(written, value))}]"
