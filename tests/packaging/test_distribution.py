"""What is installed is all there, and nothing more than its own packages."""

from __future__ import annotations

import os
from importlib.metadata import distribution, entry_points
from pathlib import Path

import pytest

import dicomferry
import dicomferry_plugins
from dicomferry.recipe.schema import schemas_folder
from support.recipes import RECIPES

PACKAGE = Path(dicomferry.__file__).parent
BUILT_INS = Path(dicomferry_plugins.__file__).parent
CHECKOUT = Path(os.environ.get("DICOMFERRY_CHECKOUT", Path(__file__).parents[2]))
"""Where the sources are. The tests of the wheel do not import them, they compare with them."""

HOMES = {
    "core/dicomferry": PACKAGE,
    "plugins/dicomferry_plugins": BUILT_INS,
    "schemas": schemas_folder(),
    "recipes": RECIPES[0].parent,
}
"""Where each folder of the sources is installed."""


def files_of(room: str) -> list[Path]:
    """Return the files of a folder of the sources, but for what running them leaves there."""
    left = {"__pycache__", ".dicomferry"}
    found = (path for path in (CHECKOUT / room).rglob("*") if path.is_file())
    return sorted(path for path in found if not left & set(path.parts))


@pytest.mark.parametrize("room", HOMES)
def test_every_file_is_installed_as_it_is(room: str) -> None:
    files = files_of(room)
    installed = [HOMES[room] / path.relative_to(CHECKOUT / room) for path in files]

    assert files
    assert [path for path in installed if not path.is_file()] == []
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(files, installed, strict=True))


def test_every_built_in_is_an_entry_point() -> None:
    modules = {
        f"dicomferry_plugins.{path.stem}"
        for path in BUILT_INS.glob("*.py")
        if not path.stem.startswith("_")
    }
    points = entry_points(group="dicomferry.plugins")

    assert {point.module for point in points if point.dist.name == "dicomferry"} == modules


def test_no_room_leaks_as_a_package() -> None:
    installed = {Path(str(file)).parts[0] for file in distribution("dicomferry").files or ()}

    assert not installed & {"core", "plugins", "schemas", "recipes", "tests"}


@pytest.mark.parametrize("package", [dicomferry, dicomferry_plugins], ids=lambda p: p.__name__)
def test_a_package_is_typed(package: object) -> None:
    assert (Path(package.__file__).parent / "py.typed").is_file()


def test_no_ledger_is_shipped_with_the_recipes() -> None:
    files = distribution("dicomferry").files or ()

    assert not [file for file in files if ".dicomferry" in file.parts]


def test_the_license_is_named() -> None:
    assert distribution("dicomferry").metadata["License-Expression"] == "Apache-2.0"


def test_the_command_is_installed() -> None:
    (script,) = (
        point for point in entry_points(group="console_scripts") if point.name == "dicomferry"
    )

    assert script.value == "dicomferry.cli:main"
