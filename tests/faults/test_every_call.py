"""Every system call of a run fails once: no lie, no bug report, no hang, and no lasting damage.

The program runs with a library before the C library that has the Nth call fail, whichever it is: of
files, of the ledger, of sockets, of starting a process. N goes over all that a run without a fault
makes. What a receiver holds is asked of the receiver.
"""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dicomferry.contract import Faults
from support.failing import End, FailingProgram, compiler, failing_program
from support.instances import make_instances
from support.journey import PASSWORD, Journey, journey

COUNT = 12
GROUPS = 6
ENV = {"XNAT_LOGIN": f"ferry:{PASSWORD}"}
SINKS = "sinks:\n- export: {path: out, layout: '{{ SOPInstanceUID }}.dcm'}\n"


@pytest.fixture(autouse=True)
def _compiled() -> None:
    if compiler() is None:
        pytest.skip("there is no C compiler: sudo apt-get install gcc libc6-dev")


@dataclass(frozen=True)
class Trial:
    """One recipe that is run anew in a folder of its own for each call that fails."""

    one: Journey
    program: FailingProgram
    root: Path

    def folder(self, name: object) -> Path:
        """Make a folder with the recipe, and nothing planned or stored."""
        folder = self.root / f"{name}"
        folder.mkdir()
        shutil.copy(self.one.recipe, folder)
        return folder

    def run(self, folder: Path, verb: str, *options: str, number: int = 0) -> End:
        return self.program.run(folder, verb, folder / "journey.yaml", *options, number=number)


@contextmanager
def under_way(tmp_path: Path, **settings: Any) -> Iterator[Trial]:
    """Make a dozen instances, an XNAT, and a recipe that brings them there and into a folder."""
    root = tmp_path / "under"
    make_instances(root / "data", COUNT, sessions=1, series=2)
    with journey(root, **settings) as one, failing_program(tmp_path / "own", root, ENV) as program:
        # a request that was never sent is waited for as long as this
        one.write(rest={"timeout": 1})
        text = one.recipe.read_text().replace("sinks:\n", SINKS)
        one.recipe.write_text(text.replace("path: data", f"path: {root / 'data'}"))
        trial = Trial(one, program, root)
        folder = trial.folder("warm")
        for verb in ("run", "verify", "status", "plan"):
            program.warm_up(folder, verb, folder / "journey.yaml")
        yield trial


def held_since(trial: Trial, folder: Path, before: int) -> Counter[str]:
    """Return how many instances each receiver holds of what was run in `folder`."""
    sent = {one.sop_instance_uid for one in trial.one.xnat.receipts()[before:]}
    return Counter({"xnat-cstore": len(sent), "export": len(list((folder / "out").glob("*.dcm")))})


WHOLE = Counter({"xnat-cstore": COUNT, "export": COUNT})


def claimed(folder: Path) -> Counter[str]:
    """Return how many instances the ledger of `folder` calls stored, by sink."""
    counted: Counter[str] = Counter()
    for file in folder.rglob("ledger.sqlite"):
        with closing(sqlite3.connect(file)) as ledger:
            if not ledger.execute("SELECT 1 FROM sqlite_master WHERE name = 'delivery'").fetchall():
                continue  # it was made, and no table in it
            rows = ledger.execute("SELECT sink FROM delivery WHERE state = 'stored'").fetchall()
        counted += Counter(sink.partition(" ")[0] for (sink,) in rows)
    return counted


def wrong_with(end: End, held: Counter[str]) -> Iterator[str]:
    """Yield what is wrong with how a run ended, given what the receivers hold."""
    if end.code not in {0, 1, 2}:
        yield f"exit {end.code}: {end.out[-300:]}{end.err[-600:]}"
    if (end.code == 0 or "Everything is stored" in end.out) and held != WHOLE:
        yield f"exit {end.code} with {held}: {end.out[-600:]}"
    if "Traceback" in end.out + end.err:
        yield end.err[-600:]


def judged(trial: Trial, folder: Path, end: End, before: int) -> Iterator[str]:
    """Yield what is wrong after a run with a call that failed; the next one must mend it."""
    held = held_since(trial, folder, before)
    yield from wrong_with(end, held)
    if end.code == 0 and held == WHOLE:
        return
    if (told := claimed(folder)) - held:
        yield f"the ledger calls {told} stored, and {held} are"
    again = trial.run(folder, "run")
    held = held_since(trial, folder, before)
    if again.code or held != WHOLE:
        first = f"{end.out[-400:]}{end.err[-400:]}"
        yield f"the next run: exit {again.code} with {held}: {again.out[-600:]}; after {first}"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("group", range(GROUPS))
def test_whichever_call_of_a_run_fails_it_tells_no_lie_and_the_next_one_is_whole(
    tmp_path: Path, group: int
) -> None:
    wrong = {}
    with under_way(tmp_path) as trial:
        for number in itertools.count(group + 1, GROUPS):
            folder, before = trial.folder(number), len(trial.one.xnat.receipts())
            end = trial.run(folder, "run", number=number)
            if found := [*judged(trial, folder, end, before)]:
                wrong[number] = found
            if end.calls < number:
                counted = claimed(folder)
                break
            shutil.rmtree(folder)

    assert number > 500
    assert counted == WHOLE
    assert (end.code, wrong) == (0, {})


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("verb", ["plan", "status", "verify"])
def test_whichever_call_of_a_verb_fails_it_says_the_same_or_that_it_cannot(
    tmp_path: Path, verb: str
) -> None:
    with under_way(tmp_path) as trial:
        folder = trial.folder("whole")
        if verb != "plan":
            assert trial.run(folder, "run").code == 0
            trial.one.xnat.build()
        whole = trial.run(folder, verb)
        wrong = {}
        for number in itertools.count(1):
            again = trial.folder(number) if verb == "plan" else folder
            end = trial.run(again, verb, number=number)
            said = end.out.replace(str(again), str(folder))
            if end.code not in {0, 1, 2} or "Traceback" in end.out + end.err:
                wrong[number] = f"exit {end.code}: {end.out[-300:]}{end.err[-600:]}"
            if end.code == 0 and said != whole.out:
                wrong[number] = f"exit 0: {end.out}"
            if end.calls < number:
                break

    assert (whole.code, wrong) == (0, {})
    assert (end.code, said) == (0, whole.out)


@pytest.mark.timeout(1800)
def test_whichever_call_of_verify_fails_it_never_finds_what_xnat_has_lost(tmp_path: Path) -> None:
    with under_way(tmp_path, faults=Faults(lose_every=COUNT)) as trial:
        folder = trial.folder("whole")
        assert trial.run(folder, "run").code == 0
        trial.one.xnat.build()
        whole = trial.run(folder, "verify")
        wrong = {}
        for number in itertools.count(1):
            end = trial.run(folder, "verify", number=number)
            if end.code not in {1, 2} or "Traceback" in end.out + end.err:
                wrong[number] = f"exit {end.code}: {end.out[-300:]}{end.err[-600:]}"
            if end.calls < number:
                break

    assert (whole.code, wrong) == (1, {})
    assert (end.code, end.out) == (1, whole.out)
