"""Keys that a lookup table lacks are a table to fill in, with the patients that wait for them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from ruamel.yaml import YAML

from support import servers
from support.cli import ferry
from support.instances import make_instances

RecipeWriter = Callable[..., Path]


def test_missing_keys_are_filled_in_and_fed_back(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 9, sessions=3)
    table = tmp_path / "subjects.csv"
    table.write_text("PatientID,subject\nMC0000,S0\n")
    listed = tmp_path / ".dicomferry" / "journey" / "missing.csv"
    with servers.storescp(tmp_path / "in", options=["--fork"]) as receiver:
        recipe = write_recipe(receiver)
        yaml = YAML(typ="safe")
        plain = yaml.load(recipe)
        lookup = {"file": "subjects.csv", "key": "PatientID", "set": {"PatientName": "subject"}}
        plain["transforms"] = [{"remap": {"lookup": lookup}}, *plain.get("transforms", [])]
        with recipe.open("w") as file:
            yaml.dump(plain, file)
        held = ferry("plan", recipe)
        with listed.open(newline="") as file:
            rows = list(csv.DictReader(file))
        with table.open("a") as file:
            file.writelines(f"{row['PatientID']},S{row['PatientID'][-1]}\n" for row in rows)
        result = ferry("run", recipe)

        assert held.returncode == 1, held.stdout + held.stderr
        assert [(row["PatientID"], row["subject"], row["instances"]) for row in rows] == [
            ("MC0001", "", "3"), ("MC0002", "", "3"),
        ]  # fmt: skip
        assert all(row["PatientName"] for row in rows)
        assert listed.exists() is False
        assert result.returncode == 0, result.stdout + result.stderr
        assert len(receiver.files()) == 9
