"""`forecast` says of files on the disk what the identification vectors say of XNAT."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, config
from ruamel.yaml import YAML

from support.cli import ferry
from support.instances import part10

VECTORS = json.loads(
    (Path(__file__).parents[1] / "core" / "xnat" / "naming" / "identification.json").read_text()
)
BY_FILE = [vector for vector in VECTORS if vector["transport"] == "c-store"]
LEVELS = ("project", "subject", "session", "auto_archive")


def write_instance(path: Path, elements: dict[str, Any]) -> None:
    # One vector is about values longer than their VR allows.
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(config.settings, "_writing_validation_mode", config.IGNORE)
    monkeypatch.setattr(config.settings, "reading_validation_mode", config.IGNORE)
    with monkeypatch.context():
        _write(path, elements)
    monkeypatch.undo()


def _write(path: Path, elements: dict[str, Any]) -> None:
    path.write_bytes(part10(Dataset.from_json(elements)))


def write_server(path: Path, server: dict[str, Any]) -> None:
    receiver = {level: rules for level, rules in server["receiver_rules"].items() if level != "aa"}
    identification = {
        "identifier": server["identifier"],
        "xnat": "1.9",
        "projects": server["projects"],
        "site": server["site_rules"],
        "receiver": receiver,
        "routing": server["routing"],
    }
    with path.open("w") as file:
        YAML(typ="safe").dump({"identification": identification}, file)


def forecast(folder: Path, vector: dict[str, Any]) -> list[dict[str, Any]]:
    write_server(folder / "server.yaml", vector["server"])
    (folder / "data").mkdir()
    for number, elements in enumerate(vector["datasets"]):
        write_instance(folder / "data" / f"{number}.dcm", elements)
    arguments = (folder / "data", "--server", folder / "server.yaml", "--format", "json")
    result = ferry("forecast", *arguments)
    assert result.returncode == 0, result.stderr
    studies = json.loads(result.stdout)["studies"]
    assert isinstance(studies, list)
    return studies


@pytest.mark.parametrize("vector", BY_FILE, ids=lambda vector: vector["id"])
def test_the_forecast_of_files_is_the_vectors(vector: dict[str, Any], tmp_path: Path) -> None:
    studies = forecast(tmp_path, vector)

    (study,) = studies
    expected = vector["expect"][-1]
    told = [level for level in LEVELS if level not in expected.get("ignore", ())]
    assert {level: study[level] for level in told} == {level: expected[level] for level in told}
    assert study["instances"] == len(vector["datasets"])
    assert (study["refused"] is not None) == expected["refused"]
    assert set(study["because"]) == {"project", "subject", "session"}


SCRIPT = """\
version "6.1"
(0010,0010) := subject
-(0010,0030)
(0008,0080) ?= "nowhere"
"""


def scripted(tmp_path: Path, script: str) -> tuple[int, dict[str, Any], str]:
    elements = {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "A^B"}]},
        "00100030": {"vr": "DA", "Value": ["19600402"]},
        "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.4"]},
        "00080018": {"vr": "UI", "Value": ["2.25.2"]},
    }
    write_instance(tmp_path / "one.dcm", elements)
    server = {"dicom": {"host": "h", "port": 104}, "scripts": {"site": script}}
    recipe = {
        "recipe": 1, "name": "scripted", "servers": {"xnat": {"xnat": server}},
        "sources": [{"folder": {"path": "data"}}], "sinks": [{"xnat-cstore": {"server": "xnat"}}],
    }  # fmt: skip
    with (tmp_path / "recipe.yaml").open("w") as file:
        YAML(typ="safe").dump(recipe, file)
    asked = ("forecast", "one.dcm", "--recipe", "recipe.yaml")
    told = ferry(*asked, "--format", "json", cwd=tmp_path)
    (study,) = json.loads(told.stdout)["studies"]
    return told.returncode, study["scripts"], ferry(*asked, cwd=tmp_path).stdout


def test_a_forecast_tells_what_the_servers_scripts_store(tmp_path: Path) -> None:
    code, scripts, text = scripted(tmp_path, SCRIPT)
    assert code == 0
    assert scripts == {
        "sets": [["PatientName", "A_B"]],
        "deletes": ["PatientBirthDate"],
        "unknown": [],
        "all_unknown": False,
    }
    assert "  stored with PatientName 'A_B'\n  stored without PatientBirthDate\n" in text


def test_what_a_script_does_that_is_not_understood_is_unknown_and_no_success(
    tmp_path: Path,
) -> None:
    lines = "(0020,000D) := hashUID[(0020,000D)]\nremoveAllPrivateTags\n"
    code, scripts, text = scripted(tmp_path, SCRIPT + lines)
    assert code == 1
    assert scripts["unknown"] == ["PatientName", "PatientBirthDate", "StudyInstanceUID"]
    assert scripts["all_unknown"] is True
    assert "cannot be told" in text
