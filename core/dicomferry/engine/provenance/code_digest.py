"""Digests of installed code: they differ when the code differs, even within one version."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

_LEFT_OUT = frozenset({".pyc", ".pth"})


def code_digest(distribution_name: str, package: str) -> str:
    """Return a hex SHA-256 over the files of a distribution, names and contents.

    An editable install and a working copy do not list their files: then the digest is over the
    files of `package`, a top-level package or module. Compiled files and metadata do not count.
    """
    try:
        found = dict(_listed(distribution(distribution_name)))
    except PackageNotFoundError:
        found = {}
    # The file list of an editable install has metadata, but no code.
    tops = {PurePosixPath(name).parts[0] for name in found if _code(name)}
    whole = not tops.isdisjoint((package, f"{package}.py"))
    return _digest(found if whole else dict(_package(package)))


def file_digest(path: Path) -> str:
    """Return the hex SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _code(name: str) -> bool:
    return name.endswith((".py", ".so", ".pyd"))


def _listed(found: Distribution) -> Iterator[tuple[str, Path]]:
    for file in found.files or ():
        name = PurePosixPath(file.as_posix())
        metadata = name.parts[0].endswith((".dist-info", ".egg-info"))
        if metadata or ".." in name.parts or name.suffix in _LEFT_OUT:
            continue
        path = Path(str(found.locate_file(file)))
        if path.is_file():
            yield str(name), path


def _package(name: str) -> Iterator[tuple[str, Path]]:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return
    origin = Path(spec.origin)
    if not spec.submodule_search_locations:
        yield origin.name, origin
        return
    root = origin.parent
    for folder, folders, names in os.walk(root):
        folders[:] = (inner for inner in folders if inner != "__pycache__")
        below = PurePosixPath(name, Path(folder).relative_to(root).as_posix())
        for file in names:
            path = os.path.join(folder, file)  # noqa: PTH118  hundreds of files at each run
            if os.path.splitext(file)[1] not in _LEFT_OUT and os.path.isfile(path):  # noqa: PTH113, PTH122
                yield f"{below}/{file}", Path(path)


def _digest(files: dict[str, Path]) -> str:
    sha = hashlib.sha256()
    for name, path in sorted(files.items()):
        sha.update(f"{name} {file_digest(path)}\n".encode())
    return sha.hexdigest()
