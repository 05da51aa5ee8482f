"""Changes a YAML file's text in places: what is not changed keeps every character."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from dicomferry.errors import FerryError
from dicomferry.recipe.yaml.document import NodePath, path_text
from dicomferry.recipe.yaml.reading import parse_document
from dicomferry.recipe.yaml.scalars import Scalar, resolve

Value = Mapping[str, "Value"] | Scalar


class _Span(Struct, frozen=True):
    """Where a node's text is, and its key's: offsets in characters, the end not included."""

    start: int
    end: int
    key: tuple[int, int] | None = None


class YamlText:
    """The text of one document; each change is made at once, and later ones see it."""

    def __init__(self, text: str, name: str) -> None:
        parse_document(text, name)  # refuses what a recipe never needs
        self.text = text
        self.name = name

    def has(self, path: NodePath) -> bool:
        """Whether there is a value at a path."""
        return path in self._spans()

    def source(self, path: NodePath) -> str:
        """Return the text of a value as it is written."""
        span = self._span(path)
        return self.text[span.start : span.end]

    def replace(self, path: NodePath, value: Value) -> None:
        """Put a value in the place of the one at a path."""
        self._put(self._span(path), written(value))

    def write(self, path: NodePath, source: str) -> None:
        """Put YAML as it stands, in the flow style, in the place of the value at a path."""
        self._put(self._span(path), source)

    def rename(self, path: NodePath, name: str) -> None:
        """Give the key that ends a path another name."""
        key = self._span(path).key
        if key is None:
            raise FerryError(f"{self.name}: {path_text(path)} is no key")
        self.text = self.text[: key[0]] + written(name) + self.text[key[1] :]

    def remove(self, path: NodePath) -> None:
        """Remove a key of a block mapping, with the lines it stands on."""
        span = self._span(path)
        key = span.key
        start = self.text.rfind("\n", 0, key[0] if key else span.start) + 1
        end = self.text.find("\n", span.end)
        before = self.text[start : key[0] if key else span.start]
        if key is None or before.strip():
            raise FerryError(f"{self.name}: {path_text(path)} does not begin a line of its own")
        self.text = self.text[:start] + (self.text[end + 1 :] if end >= 0 else "")

    def _put(self, span: _Span, source: str) -> None:
        # `key:` with nothing behind it ends at the colon
        blank = " " if self.text[span.start - 1 : span.start] in (":", "-") else ""
        self.text = self.text[: span.start] + blank + source + self.text[span.end :]

    def _span(self, path: NodePath) -> _Span:
        spans = self._spans()
        if path not in spans:
            raise FerryError(f"{self.name}: there is no {path_text(path)}")
        return spans[path]

    def _spans(self) -> dict[NodePath, _Span]:
        from ruamel.yaml import YAML

        events = iter(YAML(typ="safe", pure=True).parse(self.text))
        walker = _Walker(self.text, events)
        for event in events:
            if type(event).__name__ == "DocumentStartEvent":
                walker.walk(next(events), (), None)
        return walker.spans


class _Walker:
    """Notes where each node of a document is."""

    def __init__(self, text: str, events: Iterator[Any]) -> None:
        self.spans: dict[NodePath, _Span] = {}
        self._text = text
        self._events = events

    def walk(self, event: Any, path: NodePath, key: tuple[int, int] | None) -> int:
        """Note a node and all below it; return where it ends."""
        from ruamel.yaml.events import MappingStartEvent, SequenceStartEvent

        start: int = event.start_mark.index
        end: int = event.end_mark.index
        if isinstance(event, MappingStartEvent):
            end = self._mapping(event, path)
        elif isinstance(event, SequenceStartEvent):
            end = self._sequence(event, path)
        elif start == end:
            # Nothing at all: YAML says that it is where the next thing begins.
            end = start = self._text.index(":", key[1]) + 1 if key else self._before(start)
        self.spans[path] = _Span(start, end, key)
        return end

    def _before(self, position: int) -> int:
        return len(self._text[:position].rstrip())

    def _mapping(self, start: Any, path: NodePath) -> int:
        from ruamel.yaml.events import MappingEndEvent

        end: int = start.end_mark.index
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = (event.start_mark.index, event.end_mark.index)
            end = self.walk(next(self._events), (*path, str(getattr(event, "value", ""))), key)
        if start.flow_style:
            end = event.end_mark.index
        return end

    def _sequence(self, start: Any, path: NodePath) -> int:
        from ruamel.yaml.events import SequenceEndEvent

        end: int = start.end_mark.index
        number = 0
        while not isinstance(event := next(self._events), SequenceEndEvent):
            end = self.walk(event, (*path, number), None)
            number += 1
        if start.flow_style:
            end = event.end_mark.index
        return end


def written(value: Value) -> str:
    """Return a value in YAML's flow style, text in quotes wherever it would not be text."""
    if isinstance(value, Mapping):
        items = (f"{written(key)}: {written(below)}" for key, below in value.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(value, str):
        return value if _plain(value) else _quoted(value)
    if isinstance(value, bool):
        return str(value).lower()
    return "~" if value is None else str(value)


def _plain(text: str) -> bool:
    allowed = text.replace("_", "").replace("-", "").replace("^", "").replace(".", "")
    return (
        allowed.isascii()
        and allowed.isalnum()
        and text[0].isalpha()
        and isinstance(resolve(text), str)
    )


def _quoted(text: str) -> str:
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    shown = (escapes.get(c) or (c if c.isprintable() else f"\\U{ord(c):08x}") for c in text)
    return '"' + "".join(shown) + '"'


def read_text(path: Path) -> YamlText:
    """Read a file to change; raises `FerryError` when it cannot be read."""
    try:
        return YamlText(path.read_bytes().decode("utf-8"), str(path))
    except OSError as error:
        raise FerryError(f"{path} cannot be read: {(error.strerror or '').lower()}") from error
    except UnicodeDecodeError as error:
        raise FerryError(f"{path}: this is not UTF-8", hint="save the file as UTF-8") from error


def write_text(path: Path, text: str) -> None:
    """Write a file anew, whole or not at all; raises `FerryError` when it cannot be written."""
    target = path.resolve()
    try:
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
            os.chmod(name, mode)  # noqa: PTH101
            os.replace(name, target)  # noqa: PTH105
        except BaseException:
            os.unlink(name)  # noqa: PTH108
            raise
    except OSError as error:
        raise FerryError(f"{path} cannot be written: {(error.strerror or '').lower()}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
