"""Writes the distribution of a new plug-in: code, tests and a CI file to start from.

- Kind: what the plug-in offers: a source, transform, sink or identifier.
- Scaffold: the files of the new distribution.
- Template: a file below this package, `common` or one folder for each kind; `$name` is replaced.

The CLI (`plugins new`) imports this package; it imports `errors` only.
"""

from __future__ import annotations

import re
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path, PurePosixPath
from string import Template

from dicomferry.errors import FerryError

KINDS = ("source", "transform", "sink", "identifier")

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PLACES = {
    "common/README.md.in": "README.md",
    "common/gitignore.in": ".gitignore",
    "common/pyproject.toml.in": "pyproject.toml",
    "common/workflow.yml.in": ".github/workflows/test.yml",
    "{kind}/plugin.py.in": "src/{module}/__init__.py",
    "{kind}/recipe.yaml.in": "recipe.yaml",
    "{kind}/test.py.in": "tests/test_{module}.py",
}


def write_scaffold(kind: str, name: str, parent: Path) -> list[Path]:
    """Write a distribution called `name` into a new folder below `parent`; return its files.

    Raises `FerryError` for an unusable name, and where the folder exists already.
    """
    module = name.replace("-", "_")
    _check(name, module)
    words = {
        "name": name,
        "module": module,
        "kind": kind,
        "class": "".join(part.capitalize() for part in name.split("-")),
    }
    folder = parent / name
    written = []
    try:
        folder.mkdir(parents=True)
        for template, place in _PLACES.items():
            path = folder / place.format(module=module)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = Template(_read(template.format(kind=kind))).substitute(words)
            path.write_text(text, encoding="utf-8")
            written.append(path)
        typed = folder / "src" / module / "py.typed"
        typed.touch()
        written.append(typed)
    except FileExistsError:
        raise FerryError(f"{folder}: is there already", hint="choose another name") from None
    except OSError as error:
        raise FerryError(f"{folder}: cannot be written: {error.strerror}") from None
    return sorted(written)


def _check(name: str, module: str) -> None:
    if not _NAME.fullmatch(name) or iskeyword(module):
        raise FerryError(
            f"'{name}' cannot be a plug-in's name",
            hint="write small letters, digits and hyphens, and no word of Python's: seaside-shelf",
        )
    if module in sys.stdlib_module_names or find_spec(module) is not None:
        raise FerryError(
            f"'{name}' would hide the module {module}, which is there already",
            hint="put the name of your site before it",
        )


def _read(template: str) -> str:
    found: Traversable = files(__name__)
    for part in PurePosixPath(template).parts:
        found = found / part
    return found.read_text(encoding="utf-8")
