"""`lock` writes what a run is made of, and `run --locked` refuses anything else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from dicomferry.engine.provenance.lock_file import read_lock
from dicomferry.errors import FerryError
from support.cli import ferry
from support.instances import make_instances

RECIPE = """\
recipe: 1
name: locked
params:
  out: {default: out, description: folder to sort into}
sources:
  - folder: {path: data}
transforms:
  - remap:
      lookup: {file: table.csv, key: PatientID, set: {PatientComments: Comment}, missing: keep}
  - unify-uids: {salt: "${env:SALT}"}
sinks:
  - export: {path: "{{ params.out }}", layout: "{{ SOPInstanceUID }}.dcm"}
"""
ENVIRONMENT = {"SALT": "a salt nobody guesses"}


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a recipe and its lock; not to be written to."""
    folder = tmp_path_factory.mktemp("locked")
    make_instances(folder / "data", 3)
    (folder / "table.csv").write_text("PatientID,Comment\nMC0000,first\n")
    (folder / "locked.yaml").write_text(RECIPE)
    assert ferry("lock", folder / "locked.yaml", env=ENVIRONMENT).returncode == 0
    return folder


@pytest.fixture
def locked(origin: Path, tmp_path: Path) -> Path:
    """Give a recipe with its lock, of its own."""
    shutil.copytree(origin, tmp_path, dirs_exist_ok=True)
    return tmp_path / "locked.yaml"


def lock_anew(recipe: Path) -> None:
    """Lock what is here at this moment: the code of a checkout may change under the tests."""
    assert ferry("lock", recipe, env=ENVIRONMENT).returncode == 0


@pytest.fixture
def recipe(locked: Path) -> Path:
    """Give a recipe without a lock."""
    locked.with_suffix(".lock").unlink()
    return locked


def lock_of(recipe: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(recipe.with_suffix(".lock").read_text())
    return found


def test_a_lock_is_the_same_text_every_time(locked: Path) -> None:
    lock_anew(locked)
    before = locked.with_suffix(".lock").read_bytes()

    lock_anew(locked)

    assert locked.with_suffix(".lock").read_bytes() == before


def test_a_lock_has_the_plugins_that_the_recipe_uses(locked: Path) -> None:
    assert lock_of(locked)["plugins"].keys() == {"export", "folder", "remap", "unify-uids"}


def test_a_lock_names_its_tables_from_the_recipes_folder(locked: Path) -> None:
    assert list(lock_of(locked)["inputs"]) == ["table.csv"]


def test_the_salt_is_not_in_the_lock(locked: Path) -> None:
    assert ENVIRONMENT["SALT"] not in locked.with_suffix(".lock").read_text()


def test_what_is_locked_runs(locked: Path) -> None:
    lock_anew(locked)
    result = ferry("run", "--locked", locked, env=ENVIRONMENT)

    assert result.returncode == 0, result.stderr


def test_a_changed_table_is_refused_by_name(locked: Path) -> None:
    (locked.parent / "table.csv").write_text("PatientID,Comment\nMC0000,second\n")

    result = ferry("run", "--locked", locked, env=ENVIRONMENT)

    assert result.returncode == 2
    assert "inputs: table.csv: " in result.stderr
    assert not (locked.parent / "out").exists()


def test_another_salt_is_refused(locked: Path) -> None:
    result = ferry("run", "--locked", locked, env={"SALT": "another"})

    assert result.returncode == 2
    assert "salts: transforms[1]: " in result.stderr


def test_another_param_is_refused_by_name(locked: Path) -> None:
    result = ferry("run", "--locked", locked, "--set", "out=elsewhere", env=ENVIRONMENT)

    assert result.returncode == 2
    assert "recipe: params: out: " in result.stderr


def test_other_code_of_the_same_version_is_refused(locked: Path) -> None:
    lock = locked.with_suffix(".lock")
    found = lock_of(locked)
    found["plugins"]["remap"]["digest"] = "0" * 64
    lock.write_text(json.dumps(found))

    result = ferry("run", "--locked", locked, env=ENVIRONMENT)

    assert "plugins: remap: digest: 0000000000000000… locked, " in result.stderr


def test_every_difference_is_told_at_once(locked: Path) -> None:
    lock_anew(locked)
    (locked.parent / "table.csv").write_text("PatientID,Comment\n")

    result = ferry("lock", "--check", locked, "--set", "out=other", env={"SALT": "another"})

    lines = [line for line in result.stderr.splitlines() if line.startswith("  ")]
    assert result.returncode == 2
    assert [line.split(":")[0].strip() for line in lines] == ["inputs", "recipe", "recipe", "salts"]


def test_check_says_that_a_lock_fits(locked: Path) -> None:
    lock_anew(locked)
    result = ferry("lock", "--check", locked, env=ENVIRONMENT)

    assert (result.returncode, result.stdout.strip()[-4:]) == (0, "fits")


def test_a_missing_lock_says_how_it_is_made(recipe: Path) -> None:
    result = ferry("run", "--locked", recipe, env=ENVIRONMENT)

    assert result.returncode == 2
    assert "`dicomferry lock RECIPE` writes it" in result.stderr


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"lock": 1}', "no json", '{"lock": "1"}'])
def test_what_is_no_lock_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.lock").write_text(text)

    with pytest.raises(FerryError, match="is not a lock file"):
        read_lock(tmp_path / "x.lock")


def test_a_lock_of_a_later_version_asks_for_an_upgrade(tmp_path: Path) -> None:
    (tmp_path / "x.lock").write_text('{"lock": 2, "more": []}')

    with pytest.raises(FerryError) as error:
        read_lock(tmp_path / "x.lock")
    assert error.value.hint == "upgrade dicomferry"
