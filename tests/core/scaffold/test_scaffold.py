"""A new plug-in, as `plugins new` writes it, installs, passes its own tests, and is used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from dicomferry.errors import FerryError
from dicomferry.scaffold import KINDS, write_scaffold
from support.cli import ferry
from support.instances import make_instances


def name_of(kind: str) -> str:
    return f"harbor-{kind}"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder with one new distribution of each kind."""
    folder = tmp_path_factory.mktemp("written")
    for kind in KINDS:
        result = ferry("plugins", "new", name_of(kind), "--kind", kind, "--in", folder)
        assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="module")
def installed(written: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Install all of them into a folder of their own; give the environment that has them."""
    target = tmp_path_factory.mktemp("installed")
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", target]
    folders = [written / name_of(kind) for kind in KINDS]
    pip = [sys.executable, "-m", "pip", "install", *options, *folders]
    subprocess.run(list(map(str, pip)), check=True, capture_output=True)
    return {"PYTHONPATH": str(target)}


def prepare(folder: Path, written: Path, kind: str) -> Path:
    """Put the recipe of a new plug-in beside some instances, and return it."""
    files = make_instances(folder / "data", 3)
    (folder / "files.txt").write_text("\n".join(map(str, files)))
    recipe = folder / "recipe.yaml"
    recipe.write_text((written / name_of(kind) / "recipe.yaml").read_text())
    return recipe


@pytest.mark.parametrize("kind", KINDS)
def test_it_passes_its_own_tests(kind: str, written: Path, installed: Mapping[str, str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=written / name_of(kind),
        env={**os.environ, **installed},
        capture_output=True,
        text=True,
        timeout=600,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "4 passed" in result.stdout or "5 passed" in result.stdout


def test_all_of_them_are_active(installed: Mapping[str, str]) -> None:
    result = ferry("plugins", "list", "--format", "json", env=installed)

    states = {plugin["name"]: plugin["state"] for plugin in json.loads(result.stdout)}
    assert {states[name_of(kind)] for kind in KINDS} == {"active"}


def test_all_of_them_are_in_the_schema(installed: Mapping[str, str]) -> None:
    defined = json.loads(ferry("schema", env=installed).stdout)["$defs"]

    assert {f"{kind}.{name_of(kind)}" for kind in KINDS} <= defined.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_its_recipe_runs(
    kind: str, written: Path, installed: Mapping[str, str], tmp_path: Path
) -> None:
    result = ferry("run", prepare(tmp_path, written, kind), env=installed)

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 3


def test_it_is_tried_without_being_installed(written: Path) -> None:
    result = ferry("plugins", "try", written / name_of("sink"))

    assert result.returncode == 0, result.stderr
    assert "sink harbor-sink (from harbor-sink)" in result.stdout


def test_a_recipe_is_planned_with_a_working_copy(written: Path, tmp_path: Path) -> None:
    recipe = prepare(tmp_path, written, "transform")

    result = ferry("plugins", "try", written / name_of("transform"), "--recipe", recipe)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "export: 3 instances to bring." in result.stdout
    assert not (tmp_path / ".dicomferry").exists()


def test_a_recipe_is_run_with_a_working_copy(written: Path, tmp_path: Path) -> None:
    recipe = prepare(tmp_path, written, "sink")

    result = ferry("plugins", "try", written / name_of("sink"), "--recipe", recipe, "--run")

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 3


def test_a_working_copy_takes_the_place_of_what_is_installed(
    written: Path, installed: Mapping[str, str], tmp_path: Path
) -> None:
    module = tmp_path / "harbor_transform.py"
    source = written / name_of("transform") / "src" / "harbor_transform" / "__init__.py"
    module.write_text(source.read_text().replace("leaves phantoms out", "as of today"))

    result = ferry("plugins", "try", module, env=installed)

    assert "as of today" in result.stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import nothing_of_this_name\n", "ModuleNotFoundError"),
        ("DICOMFERRY_API = 99\n", "API version 99"),
    ],
)
def test_a_working_copy_that_does_not_load_says_why(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "broken.py").write_text(text)

    result = ferry("plugins", "try", tmp_path / "broken.py")

    assert result.returncode == 2
    assert told in result.stderr


def test_a_folder_without_a_plugin_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "nothing"\n')

    result = ferry("plugins", "try", tmp_path)

    assert result.returncode == 2
    assert "announces no plug-in" in result.stderr


@pytest.mark.parametrize("name", ["Harbor", "a_b", "-x", "json", "class", "dicomferry", "../x", ""])
def test_a_name_that_cannot_be_used_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(FerryError, match=r"cannot be a plug-in's name|would hide the module"):
        write_scaffold("sink", name, tmp_path)


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "harbor").mkdir()

    with pytest.raises(FerryError, match="is there already"):
        write_scaffold("sink", "harbor", tmp_path)
    assert not list((tmp_path / "harbor").iterdir())


def test_a_component_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    result = ferry("plugins", "new", "folder", "--kind", "source", "--in", tmp_path)

    assert result.returncode == 2
    assert "there is a source 'folder' already" in result.stderr
