"""A system call that fails, whichever: no lie, no bug report, no hang, and no lasting damage.

`DICOMFERRY_EVERY_FAULT=1` has every call fail once, which takes hours; otherwise some of them,
by `DICOMFERRY_SEED`. strace has them fail in every process of a run.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import faults
from support.faults import Fault
from support.instances import make_instances
from support.journey import PASSWORD, Journey, journey

SEED = int(os.environ.get("DICOMFERRY_SEED", "11"))
EVERY = bool(os.environ.get("DICOMFERRY_EVERY_FAULT"))
COUNT = 12
AT_ONCE = 6
GROUPS = 4
STATE = Path(".dicomferry", "journey")
ENV = {"XNAT_LOGIN": f"ferry:{PASSWORD}"}


@pytest.fixture(autouse=True)
def _traced() -> None:
    if not faults.strace():
        pytest.skip("strace is not installed or may not trace: sudo apt-get install strace")


@pytest.mark.timeout(7 * 24 * 3600 if EVERY else 900)
@pytest.mark.parametrize("group", range(GROUPS))
def test_a_call_that_fails_in_a_run_makes_no_lie_and_no_lasting_damage(
    tmp_path: Path, group: int
) -> None:
    every = all_faults(tmp_path / "whole", "run")

    wrong = []
    for number, fault in enumerate(chosen(every)[group::GROUPS]):
        with under_way(tmp_path / str(number)) as one:
            wrong += [f"{fault}: {what}" for what in judged(one, fault)]

    assert wrong == []


@pytest.mark.timeout(7 * 24 * 3600 if EVERY else 900)
def test_a_call_that_fails_in_verify_makes_no_lie(tmp_path: Path) -> None:
    wrong = []
    with under_way(tmp_path, builds_at=COUNT) as one:
        assert one.ferry("run", "--verify", "--wait", "60s").returncode == 0
        whole = traced(one, "verify", None)
        assert whole.code == 0, whole
        for fault in chosen(faults_of(faults.counted(one.folder / "calls")))[: 2 * AT_ONCE]:
            end = traced(one, "verify", fault)
            if end.code not in {0, 1, 2}:
                wrong.append(f"{fault}: exit {end.code}: {end.err}")
        assert one.verify()["landed"]

    assert wrong == []


def judged(one: Journey, fault: Fault) -> Iterator[str]:
    """Run with a fault, then without; yield what is wrong, by what the receivers hold."""
    end = traced(one, "run", fault)
    held = holdings(one)
    if end.code not in {0, 1, 2}:
        yield f"exit {end.code}: {end.err}"
    if (end.code == 0 or "Everything is stored" in end.out) and held != whole():
        yield f"exit {end.code} with {held}: {end.out}"
    if "Traceback" in end.out + end.err:
        yield end.err
    told = one.ferry("status", "--items", "stored", "--format", "json")
    if told.returncode not in {0, 1, 2}:
        yield f"status: exit {told.returncode}: {told.stderr}"
    claimed = _claimed(told.stdout)
    if claimed - held:
        yield f"the ledger calls {claimed} stored, and {held} are"
    again = one.ferry("run")
    if again.returncode or holdings(one) != whole():
        yield f"the next run: exit {again.returncode} with {holdings(one)}: {again.stdout}"


def _claimed(text: str) -> Counter[str]:
    items = json.loads(text)["items"] if text.startswith("{") else []
    return Counter(
        key.partition(" ")[0]
        for item in items
        for key, outcome in item["sinks"].items()
        if outcome["state"] == "stored"
    )


def holdings(one: Journey) -> Counter[str]:
    """Return how many instances each receiver holds."""
    received = {receipt.sop_instance_uid for receipt in one.xnat.receipts()}
    return Counter({"xnat-cstore": len(received),
                    "export": len(list((one.folder / "out").glob("*.dcm")))})  # fmt: skip


def whole() -> Counter[str]:
    """Return what the receivers hold in the end."""
    return Counter({"xnat-cstore": COUNT, "export": COUNT})


@contextmanager
def under_way(folder: Path, *, builds_at: int = 0) -> Iterator[Journey]:
    """Make a dozen instances, an XNAT, and a recipe that brings them there and into a folder."""
    make_instances(folder / "data", COUNT, sessions=2, series=1)
    with journey(folder, builds_at=builds_at) as one:
        # A request that was never sent is waited for as long as this.
        one.write(rest={"timeout": 10})
        text = one.recipe.read_text()
        sink = "- export: {path: out, layout: '{{ SOPInstanceUID }}.dcm'}"
        one.recipe.write_text(text.replace("sinks:\n", f"sinks:\n{sink}\n"))
        yield one


def traced(one: Journey, verb: str, fault: Fault | None) -> faults.End:
    """Run a verb with a fault, or count its calls."""
    folder, state = one.folder, one.folder / STATE
    ledger = [state / f"ledger.sqlite{end}" for end in ("", "-wal", "-shm", "-journal")]
    paths = [folder, one.recipe, folder / "data", *(folder / "data").rglob("*"), folder / "out",
             folder / ".dicomferry", state, state / "lock", state / "dicomferry.log", *ledger,
             state / "manifests", state / "manifests" / "run-1.jsonl"]  # fmt: skip
    return faults.run(
        verb, one.recipe, cwd=folder, fault=fault, counts=folder / "calls", paths=paths, env=ENV
    )


def all_faults(folder: Path, verb: str) -> list[Fault]:
    """Return every fault that a verb can meet: each call that a run without faults makes."""
    with under_way(folder) as one:
        assert traced(one, verb, None).code == 0
        return faults_of(faults.counted(folder / "calls"))


def faults_of(calls: Mapping[str, int]) -> list[Fault]:
    """Return each call with each of its errors; of those without a path the first ones."""
    most = {**calls, **dict.fromkeys(faults.ANYWHERE, 12)}
    return [
        Fault(call, error, number)
        for call, count in sorted(most.items())
        for error in faults.CALLS[call]
        for number in range(1, count + 1)
    ]


def chosen(every: list[Fault]) -> list[Fault]:
    """Return all of them, or some: of every kind of call and error as many."""
    luck = random.Random(SEED)
    luck.shuffle(every)
    if EVERY:
        return every
    kinds = Counter[tuple[str, str]]()
    ranked = []
    for fault in every:
        kinds[fault.call, fault.error] += 1
        ranked.append((kinds[fault.call, fault.error], len(ranked), fault))
    return [fault for _, _, fault in sorted(ranked, key=lambda one: one[:2])[: AT_ONCE * GROUPS]]
