"""Starts the program whose calls fail, and asks it to run verbs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.servers import program

HERE = Path(__file__).parent


@dataclass(frozen=True)
class End:
    """How a verb ended: `code` None is a hang; `calls` is how many calls could have failed.

    `failed` is the name of the one that did.
    """

    code: int | None
    calls: int
    failed: str
    out: str
    err: str


class FailingProgram:
    """Runs verbs with one call that fails each."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def warm_up(self, folder: Path, *arguments: object) -> End:
        """Run a verb without a fault, so that those after it have less to do."""
        return self._ask(folder, arguments)

    def run(self, folder: Path, *arguments: object, number: int = 0) -> End:
        """Run a verb in `folder`; the `number`-th call fails, none where it is 0."""
        return self._ask(folder, arguments, number=number)

    def _ask(self, folder: Path, arguments: Sequence[object], **more: int) -> End:
        out, err = self._folder / "out", self._folder / "err"
        order = {
            "arguments": [str(argument) for argument in arguments], "folder": str(folder),
            "out": str(out), "err": str(err), **more,
        }  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return End(
            **answer, out=out.read_text(errors="replace"), err=err.read_text(errors="replace")
        )


def compiler() -> str | None:
    return program("cc")


@contextmanager
def failing_program(folder: Path, under: Path, env: Mapping[str, str]) -> Iterator[FailingProgram]:
    """Start it; calls count that concern files under `under`. It keeps its own in `folder`."""
    folder.mkdir()
    library, counter = folder / "failing_calls.so", folder / "counter"
    counter.write_bytes(bytes(4096))
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", library, HERE / "failing_calls.c", "-ldl", "-pthread"],
        check=True,
    )
    process = subprocess.Popen(
        [sys.executable, HERE / "failing_program.py"], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | env | {
            "LD_PRELOAD": str(library), "FAILING_COUNTER": str(counter),
            "FAILING_UNDER": str(under),
        },
    )  # fmt: skip
    try:
        yield FailingProgram(process, folder)
    finally:
        process.kill()
        process.communicate()
