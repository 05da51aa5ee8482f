"""What the tests of DICOMweb share: recipes from and to a server, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from support import pacs, servers
from support.cli import ferry

WriteRecipe = Callable[..., Path]
EVERYTHING = {"StudyDate": "20000101-20991231"}


@pytest.fixture
def recipe(tmp_path: Path) -> WriteRecipe:
    """Write a recipe that exports what a DICOMweb server has into `out`; return its path.

    With a `folder` it stores what is there in the server.
    """

    def write(
        url: str, *, where: Any = None, folder: str = "", transforms: Any = (), **server: Any
    ) -> Path:
        written = {
            "recipe": 1,
            "name": "web",
            "servers": {"clinic": {"dicomweb": {"url": url, **server}}},
            "sources": [{"dicomweb": {"server": "clinic", "where": where or EVERYTHING}}],
            "transforms": list(transforms),
            "sinks": [{"export": {"path": "out", "layout": "{{ SOPInstanceUID }}"}}],
        }
        if folder:
            written["sources"] = [{"folder": {"path": folder}}]
            written["sinks"] = [{"stow-rs": {"server": "clinic"}}]
        path = tmp_path / "web.yaml"
        with path.open("w") as file:
            YAML().dump(written, file)
        return path

    return write


@pytest.fixture
def exported(tmp_path: Path) -> Callable[[], dict[str, bytes]]:
    """Give what is in `out`: bytes by SOP Instance UID."""

    def found() -> dict[str, bytes]:
        # What begins with a dot is being written.
        return {path.name: path.read_bytes() for path in tmp_path.glob("out/[!.]*")}

    return found


@pytest.fixture
def orthanc_web(tmp_path: Path) -> Iterator[servers.Orthanc]:
    """Give a running Orthanc with its DICOMweb plug-in."""
    plugin = servers.dicomweb_plugin()
    if servers.program("Orthanc") is None or plugin is None:
        pytest.skip("no Orthanc with DICOMweb: sudo apt-get install orthanc orthanc-dicomweb")
    with pacs.orthanc(
        tmp_path / "orthanc", Plugins=[str(plugin)], DicomWeb={"Enable": True}
    ) as server:
        yield server


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    """Run a verb in the folder of the test."""
    return lambda *words: ferry(*words, cwd=tmp_path)
