"""Damaged instances by the thousand: all accounted for, and what is called ready can be read.

`DICOMFERRY_MUTANTS=20000` tries more of them, `DICOMFERRY_SEED=7` others.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dicomferry.engine.plan.problems.kinds import known_codes
from support import servers
from support.cli import ferry
from support.mutants import Base, bases, mutant

TOTAL = int(os.environ.get("DICOMFERRY_MUTANTS", "2000"))
SEED = int(os.environ.get("DICOMFERRY_SEED", "11"))
AT_ONCE = 500

REFUSED_AT_MOST = 0.005
"""The share of what is sent that dcmdump may refuse: values of UN are not looked into."""

TRIES = 5
"""How often what failed was sent: each time may have left a file at the receiver."""

WHOLE_UID = re.compile(r"2\.25\.1[0-9]{12,}")
VERDICTS = {"ready", "rejected", "passed", "excluded", "not-looked-into"}


@pytest.fixture(scope="module")
def whole() -> list[Base]:
    return bases()


@pytest.mark.parametrize("first", range(0, TOTAL, AT_ONCE))
def test_every_mutant_is_accounted_for_and_what_is_sent_can_be_read(
    whole: list[Base], tmp_path: Path, dcmtk: Callable[[str], str], first: int
) -> None:
    names = {}
    for number in range(first, min(first + AT_ONCE, TOTAL)):
        base = whole[number % len(whole)]
        path = tmp_path / "data" / base.name / f"{number}.dcm"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mutant(base, number, SEED))
        names[path.name] = path
    with servers.storescp(tmp_path / "got", options=["--fork"]) as receiver:
        recipe = write_recipe(tmp_path, receiver)
        plan, run = ferry("plan", recipe), ferry("run", recipe)

    assert plan.returncode in {0, 1}, plan.stdout[-3000:] + plan.stderr
    assert run.returncode in {0, 1}, run.stdout[-3000:] + run.stderr
    items = listed(recipe)
    assert items.keys() == names.keys()
    assert {item["verdict"] for item in items.values()} <= VERDICTS
    assert [item for item in items.values() if item["code"] == "unexpected"] == []
    ready = [item for item in items.values() if item["verdict"] == "ready"]
    assert [item for item in ready if len(item["sinks"]) != 2] == []
    if run.returncode == 0:
        assert "Everything is stored." in run.stdout
        assert {item["verdict"] for item in items.values()} <= {"ready", "passed", "excluded"}
        assert {one["state"] for item in ready for one in item["sinks"].values()} == {"stored"}
    exported = sorted(path for path in (tmp_path / "out").rglob("*") if path.is_file())
    judge(items, exported, "export")
    judge(items, receiver.files(), "xnat-cstore")
    refused = unreadable(dcmtk("dcmdump"), exported)
    assert len(refused) <= len(exported) * REFUSED_AT_MOST, "\n".join(refused)


def judge(items: dict[str, Any], files: Sequence[Path], sink: str) -> None:
    """What is called stored is there once; what is there beside it is called failed."""
    said: dict[str, Counter[str]] = {"stored": Counter(), "failed": Counter()}
    for item in items.values():
        for key, outcome in item["sinks"].items():
            if key.startswith(sink) and outcome["state"] in said:
                said[outcome["state"]][item["sop_instance_uid"]] += 1
    there = Counter(uid for path in files for uid in named_in(path))
    claimed = Counter({uid: n for uid, n in said["stored"].items() if WHOLE_UID.fullmatch(uid)})
    assert claimed - there == Counter()
    most = said["stored"].total() + TRIES * said["failed"].total()
    assert said["stored"].total() <= len(files) <= most


def named_in(path: Path) -> set[str]:
    """Return the made-up UIDs that stand in a file or its name."""
    return set(WHOLE_UID.findall(path.name + " " + path.read_bytes().decode("latin-1")))


def listed(recipe: Path) -> dict[str, Any]:
    """Return what `status` says of every file, by file name."""
    told = json.loads(ferry("status", recipe, "--items", "all", "--format", "json").stdout)
    items = [(Path(item["location"]).name, item) for item in told["items"]]
    assert len(items) == len(dict(items))
    return dict(items)


def unreadable(dcmdump: str, files: Sequence[Path]) -> list[str]:
    """Return the errors of dcmdump, file by file."""
    errors = []
    for start in range(0, len(files), 100):
        names = [str(path) for path in files[start : start + 100]]
        result = subprocess.run([dcmdump, *names], capture_output=True, timeout=300)
        told = result.stderr.decode("utf-8", "replace").splitlines()
        errors += [line for line in told if "reading file: " in line]
    return errors


def write_recipe(folder: Path, receiver: servers.StoreScp) -> Path:
    """Write a recipe that edits and names whatever comes, and lets every problem be."""
    labels = {"project": "P", "subject": "{{ path.base }}", "session": "{{ path.base }}"}
    receiver_block = {
        "dicom": {"host": receiver.host, "port": receiver.port, "ae_title": receiver.ae_title},
        "identification": {"projects": ["P"]},
    }
    recipe = {
        "recipe": 1, "name": "mutants", "allow": sorted(known_codes()),
        "servers": {"xnat": {"xnat": receiver_block}},
        "sources": [{"folder": {"path": "data", "parts": "^(?P<base>[^/]+)/"}}],
        "transforms": [
            {"remap": {"set": {"StudyDescription": "MUTANT"}, "delete": ["(0019,xx08)"]}},
            {"identify": labels},
        ],
        "sinks": [
            {"export": {"path": "out", "layout": "{{ path.base }}/{{ SOPInstanceUID }}.dcm",
                        "fsync": False}},
            {"xnat-cstore": {"server": "xnat"}},
        ],
    }  # fmt: skip
    path = folder / "mutants.yaml"
    with path.open("w") as file:
        YAML(typ="safe").dump(recipe, file)
    return path
