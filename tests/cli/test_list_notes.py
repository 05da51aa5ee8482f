"""What a list has in it and is not asked for is a note of `validate`, `plan` and `run`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.cli import ferry
from support.lists import lab, rows, study


@pytest.mark.parametrize("verb", ["validate", "plan", "run"])
def test_a_row_that_is_there_twice_is_told(tmp_path: Path, verb: str) -> None:
    text = rows([1, 2]) + "A00001,S1,S1_MR\n A00002 ,S2,S2_MR\n"
    with lab(tmp_path, [study(1), study(2)], text) as it:
        result = ferry(verb, it.recipe)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "note [csv-dqr:repeated-row] wanted.csv:4:1: this row is row 1 once more" in (
        result.stdout
    )
    assert "wanted.csv:5:1: this row is row 2 once more" in result.stdout
    assert "csv-dqr:blanks" not in result.stdout


def test_many_rows_that_are_there_twice_are_counted(tmp_path: Path) -> None:
    with lab(tmp_path, [], rows([*range(1, 31), *range(1, 31)])) as it:
        result = ferry("validate", it.recipe, "--format", "json")

    told = json.loads(result.stdout)["problems"]
    assert [one["severity"] for one in told] == ["note"] * 21
    assert told[-1]["message"] == "and 10 more of these"


@pytest.mark.parametrize("lock", ["~$april.csv", "~$may.csv"])
@pytest.mark.parametrize("verb", ["validate", "run"])
def test_the_lock_file_of_a_list_that_is_open_is_passed_with_a_note(
    tmp_path: Path, verb: str, lock: str
) -> None:
    with lab(tmp_path, [study(1), study(2)], rows([1])) as it:
        folder = tmp_path / "lists"
        folder.mkdir()
        (folder / "april.csv").write_text(rows([1]))
        (folder / "may.csv").write_text(rows([2]))
        (folder / lock).write_bytes(b"\x05admin" + b" " * 49)
        (folder / ".~lock.april.csv#").write_text(",admin,desk,26.11.2026 13:00,file:///home;")
        text = it.recipe.read_text().replace("wanted.csv", "lists/*")
        it.recipe.write_text(text)
        result = ferry(verb, it.recipe)
        stored = len(it.xnat.files())

    assert result.returncode == 0, result.stdout + result.stderr
    assert f"note [csv-dqr:lock-file] {lock}:1:1: this is no list" in result.stdout
    assert "save and close the list" in result.stdout
    assert stored == (2 if verb == "run" else 0)


def test_a_folder_of_lock_files_alone_has_no_list(tmp_path: Path) -> None:
    with lab(tmp_path, [], rows([1])) as it:
        (tmp_path / "lists").mkdir()
        (tmp_path / "lists" / "~$april.xlsx").write_bytes(b"\x05admin")
        it.recipe.write_text(it.recipe.read_text().replace("wanted.csv", "lists/*.xlsx"))
        result = ferry("plan", it.recipe)

    assert result.returncode == 2
    assert "no list matches it" in result.stderr
