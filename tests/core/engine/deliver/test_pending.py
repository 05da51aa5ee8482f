"""What a sink learns only when its delivery closes is not stored before, and the ledger follows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import ferry
from support.instances import make_instances
from support.plugins import install

SINK = """
    from contextlib import contextmanager
    from pathlib import Path

    import msgspec

    from dicomferry import Component, FerryError, Pending, Stored, hookimpl


    class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
        \"\"\"A shelf beside the recipe.\"\"\"

        early: bool = False


    class Keeping:
        def __init__(self, early):
            self.early, self.held = early, []

        def store(self, parcel):
            self.held.append(parcel.ref.sop_instance_uid)
            return Stored("early") if self.early else Pending("in the parcel")


    class Shelf:
        lanes, receiver, server = 1, "shelf", ""

        def __init__(self, early, folder):
            self.early, self.folder = early, folder

        @contextmanager
        def open(self, consignment):
            keeping = Keeping(self.early)
            yield keeping
            fault = self.folder / "fault"
            if fault.exists():
                kind = fault.read_text()
                if kind == "words":
                    raise FerryError("the shelf answered 500", hint="ask its keeper")
                if kind == "network":
                    raise ConnectionResetError(104, "Connection reset by peer")
                raise RuntimeError("a bug of the plug-in")
            with (self.folder / "shelf").open("a") as shelf:
                shelf.writelines(f"{uid}\\n" for uid in keeping.held)


    @hookimpl
    def dicomferry_sinks():
        build = lambda options, context: Shelf(options.early, context.path("."))
        yield Component("shelf", "keeps parcels", Options, build)
"""
RECIPE = """\
recipe: 1
name: shelf
sources: [{{folder: {{path: data}}}}]
sinks: [{{shelf: {{early: {early}}}}}]
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], Path]:
    install(tmp_path / "site", "shelf", SINK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    make_instances(tmp_path / "data", 12, sessions=3)

    def recipe(early: bool) -> Path:
        path = tmp_path / "shelf.yaml"
        path.write_text(RECIPE.format(early=str(early).lower()))
        return path

    return recipe


def states(recipe: Path) -> dict[str, int]:
    (states,) = json.loads(ferry("status", recipe, "--format", "json").stdout)["sinks"].values()
    return states


@pytest.mark.parametrize("executor", ["local", "in-process"])
@pytest.mark.parametrize("fault", ["words", "network", "bug"])
@pytest.mark.parametrize("early", [False, True])
def test_what_close_raises_leaves_nothing_stored(
    write: Callable[[bool], Path], fault: str, early: bool, executor: str
) -> None:
    recipe = write(early)
    (recipe.parent / "fault").write_text(fault)

    result = ferry("run", recipe, "--executor", executor)

    assert result.returncode == 1, result.stdout + result.stderr
    assert "0 instances stored, 12 failed" in result.stdout
    assert "Everything is stored" not in result.stdout
    assert states(recipe) == {"failed": 12}

    (recipe.parent / "fault").unlink()
    again = ferry("run", recipe, "--executor", executor)
    assert (again.returncode, "12 instances stored" in again.stdout) == (0, True)
    assert len(set((recipe.parent / "shelf").read_text().split())) == 12
    assert states(recipe) == {"stored": 12}


def test_what_is_pending_is_stored_once_the_delivery_has_closed(
    write: Callable[[bool], Path],
) -> None:
    recipe = write(False)

    result = ferry("run", recipe)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "12 instances stored" in result.stdout
    assert states(recipe) == {"stored": 12}
    (manifest,) = (recipe.parent / ".dicomferry/shelf/manifests").iterdir()
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    stored = [line for line in lines if line.get("outcome") == "stored"]
    assert len(stored) == 12
    assert all(line["sent"] and line["reason"] == "in the parcel" for line in stored)
