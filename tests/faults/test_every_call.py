"""Every system call of a run fails once: no lie, no bug report, no hang, and no lasting damage.

The program runs with a library before the C library that has the Nth call fail, whichever it is: of
files, of the ledger, of sockets, of starting a process. N goes over all that a run without a fault
makes. What a receiver holds is asked of the receiver.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

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

    def run(self, folder: Path, verb: str, number: int = 0) -> End:
        return self.program.run(folder, verb, folder / "journey.yaml", number=number)


@contextmanager
def under_way(tmp_path: Path) -> Iterator[Trial]:
    """Make a dozen instances, an XNAT, and a recipe that brings them there and into a folder."""
    root = tmp_path / "under"
    make_instances(root / "data", COUNT, sessions=1, series=2)
    with journey(root) as one, failing_program(tmp_path / "own", root, ENV) as program:
        # a request that was never sent is waited for as long as this
        one.write(rest={"timeout": 2})
        text = one.recipe.read_text().replace("sinks:\n", SINKS)
        one.recipe.write_text(text.replace("path: data", f"path: {root / 'data'}"))
        yield Trial(one, program, root)


def held_since(trial: Trial, folder: Path, before: int) -> Counter[str]:
    """Return how many instances each receiver holds of what was run in `folder`."""
    sent = {one.sop_instance_uid for one in trial.one.xnat.receipts()[before:]}
    return Counter({"xnat": len(sent), "export": len(list((folder / "out").glob("*.dcm")))})


WHOLE = Counter({"xnat": COUNT, "export": COUNT})


def wrong_with(end: End, held: Counter[str]) -> Iterator[str]:
    """Yield what is wrong with how a run ended, given what the receivers hold."""
    if end.code not in {0, 1, 2}:
        yield f"exit {end.code}: {end.out[-300:]}{end.err[-600:]}"
    if (end.code == 0 or "Everything is stored" in end.out) and held != WHOLE:
        yield f"exit {end.code} with {held}: {end.out[-600:]}"
    if "Traceback" in end.out + end.err:
        yield end.err[-600:]


def judged(trial: Trial, number: int) -> Iterator[str]:
    """Run with a call that fails, then without; yield what is wrong."""
    folder, before = trial.folder(number), len(trial.one.xnat.receipts())
    end = trial.run(folder, "run", number)
    yield from wrong_with(end, held_since(trial, folder, before))
    again = trial.run(folder, "run")
    held = held_since(trial, folder, before)
    if again.code or held != WHOLE:
        first = f"{end.out[-400:]}{end.err[-400:]}"
        yield f"the next run: exit {again.code} with {held}: {again.out[-600:]}; after {first}"
    shutil.rmtree(folder)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("group", range(GROUPS))
def test_whichever_call_of_a_run_fails_it_tells_no_lie_and_the_next_one_is_whole(
    tmp_path: Path, group: int
) -> None:
    with under_way(tmp_path) as trial:
        folder = trial.folder("whole")
        whole = trial.run(folder, "run")
        assert (whole.code, held_since(trial, folder, 0)) == (0, WHOLE), whole
        assert whole.calls > 500
        numbers = range(group + 1, whole.calls + 1, GROUPS)
        wrong = {number: found for number in numbers if (found := [*judged(trial, number)])}

    assert wrong == {}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("verb", ["plan", "verify", "status"])
def test_whichever_call_of_a_verb_fails_it_ends_with_a_code_of_its_own(
    tmp_path: Path, verb: str
) -> None:
    with under_way(tmp_path) as trial:
        folder = trial.folder("whole")
        if verb != "plan":
            assert trial.run(folder, "run").code == 0
            trial.one.xnat.build()
        whole = trial.run(folder, verb)
        assert whole.code == 0, whole
        wrong = {}
        for number in range(1, whole.calls + 1):
            again = trial.folder(number) if verb == "plan" else folder
            end = trial.run(again, verb, number)
            if end.code not in {0, 1, 2} or "Traceback" in end.out + end.err:
                wrong[number] = f"exit {end.code}: {end.out[-300:]}{end.err[-600:]}"
        last = trial.run(folder, verb)

    assert wrong == {}
    assert (last.code, last.out.splitlines()[-1]) == (0, whole.out.splitlines()[-1])
