"""Working copies: plug-ins that run from their source folder, without being installed."""

from __future__ import annotations

import hashlib
import importlib
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from dicomferry.errors import FerryError
from dicomferry.host.plugin import GROUP


class WorkingCopy(Struct, frozen=True):
    """The folder of a plug-in's code, and its name, version and entry points.

    `roots` are the folders to import from; `entry_points` map a plug-in's name to its module.
    """

    path: Path
    roots: tuple[Path, ...]
    name: str
    version: str
    entry_points: Mapping[str, str]


def find_working_copy(path: Path) -> WorkingCopy:
    """Return the plug-in at a path: a module's file, or the folder of a distribution.

    Raises `FerryError` where there is none.
    """
    target = path.absolute()
    if target.is_dir():
        return _distribution(target)
    if not target.is_file():
        raise FerryError(f"{path}: there is no such file or folder", hint="check the spelling")
    if target.suffix != ".py" or not target.stem.isidentifier():
        raise FerryError(f"{path}: is not a Python module", hint="name a .py file or a folder")
    name = target.stem.replace("_", "-")
    return WorkingCopy(target, (target.parent,), name, "0", {name: target.stem})


@contextmanager
def borrowed(copy: WorkingCopy) -> Iterator[None]:
    """Let this process and its children import a working copy before installed packages."""
    with tempfile.TemporaryDirectory(prefix="dicomferry-borrowed-") as folder:
        _announce(copy, Path(folder))
        before = list(sys.path)
        sys.path[:0] = [folder, *map(str, copy.roots)]
        importlib.invalidate_caches()
        try:
            yield
        finally:
            sys.path[:] = before
            importlib.invalidate_caches()


def _distribution(folder: Path) -> WorkingCopy:
    file = folder / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
        points = dict(project.get("entry-points", {}).get(GROUP, {}))
        name, version = str(project.get("name", "")), str(project.get("version", "0"))
    except OSError:
        raise FerryError(
            f"{folder}: has no pyproject.toml", hint="name a module, or a distribution's folder"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError, ValueError) as error:
        raise FerryError(f"{file}: cannot be understood: {error}") from None
    if not name or not points:
        raise FerryError(
            f"{file}: announces no plug-in",
            hint=f'it needs a name, and a module under [project.entry-points."{GROUP}"]',
        )
    roots = tuple(dict.fromkeys(_root(folder, str(module)) for module in points.values()))
    return WorkingCopy(folder, roots, name, version, {k: str(v) for k, v in points.items()})


def _root(folder: Path, module: str) -> Path:
    """Return the folder that holds a top module: the distribution's own, or its `src`."""
    top = module.partition(":")[0].partition(".")[0]
    for root in (folder / "src", folder):
        if (root / top / "__init__.py").is_file() or (root / f"{top}.py").is_file():
            return root
    raise FerryError(
        f"{folder}: has no module {top}", hint="it is looked for there and in the folder src"
    )


def _announce(copy: WorkingCopy, folder: Path) -> None:
    """Write the metadata of an installed distribution (PEP 376)."""
    # The version holds a digest of the code: after a change of the code, a plan is made again.
    version = f"{copy.version.partition('+')[0]}+{_digest(copy)[:12]}"
    info = folder / f"{copy.name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {copy.name}\nVersion: {version}\n", encoding="utf-8"
    )
    points = "".join(f"{name} = {module}\n" for name, module in copy.entry_points.items())
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{points}", encoding="utf-8")


def _digest(copy: WorkingCopy) -> str:
    sha = hashlib.sha256()
    tops = {module.partition(":")[0].partition(".")[0] for module in copy.entry_points.values()}
    for root in copy.roots:
        for top in sorted(tops):
            for file in (root / f"{top}.py", *sorted((root / top).rglob("*.py"))):
                if file.is_file():
                    sha.update(file.read_bytes())
    return sha.hexdigest()
