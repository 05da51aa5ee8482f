"""Changes single values of a YAML file; all other text keeps every character."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dicomferry.errors import FerryError
from dicomferry.recipe.yaml.document import NodePath, path_text
from dicomferry.recipe.yaml.reading import parse_document
from dicomferry.recipe.yaml.scalars import Scalar, resolve
from dicomferry.recipe.yaml.spans import Span, spans_of

Value = Mapping[str, "Value"] | Scalar


class YamlText:
    """The text of one document; each change is made at once, in `text`."""

    def __init__(self, text: str, name: str) -> None:
        parse_document(text, name)  # raises for what no recipe may hold
        self.text = text
        self.name = name

    def has(self, path: NodePath) -> bool:
        """Say whether there is a value at a path."""
        return path in spans_of(self.text)

    def source(self, path: NodePath) -> str:
        """Return the text of the value at a path."""
        span = self._span(path)
        return self.text[span.start : span.end]

    def place(self, path: NodePath) -> tuple[int, int]:
        """Return where a key of a mapping begins and its value ends, as offsets in `text`."""
        span = self._span(path)
        return (span.key or (span.start, span.end))[0], span.end

    def replace(self, path: NodePath, value: Value) -> None:
        """Replace the value at a path."""
        self._put(self._span(path), written(value))

    def write(self, path: NodePath, source: str) -> None:
        """Replace the value at a path by YAML text in the flow style."""
        self._put(self._span(path), source)

    def rename(self, path: NodePath, name: str) -> None:
        """Rename the last key of a path."""
        key = self._span(path).key
        if key is None:
            raise FerryError(f"{self.name}: {path_text(path)} is no key")
        self.text = self.text[: key[0]] + written(name) + self.text[key[1] :]

    def _put(self, span: Span, source: str) -> None:
        # An empty value starts right behind the colon of its key.
        blank = " " if self.text[span.start - 1 : span.start] in (":", "-") else ""
        self.text = self.text[: span.start] + blank + source + self.text[span.end :]

    def _span(self, path: NodePath) -> Span:
        spans = spans_of(self.text)
        if path not in spans:
            raise FerryError(f"{self.name}: there is no {path_text(path)}")
        return spans[path]


def written(value: Value) -> str:
    """Return a value in YAML's flow style; quote text that YAML would read as another type."""
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
    """Replace a file, by way of a temporary one; raises `FerryError` when that fails."""
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
