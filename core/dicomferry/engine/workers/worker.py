"""What a worker process does: examine items, compare contents, deliver consignments."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from dicomferry.dicom.shapes import Shapes
from dicomferry.engine.deliver.bring import dispatch
from dicomferry.engine.pipeline.chosen_labels import labelled
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.examine import content_digest, examine
from dicomferry.engine.pipeline.memory import Memory
from dicomferry.engine.pipeline.steps import Steps, build_steps, only_servers
from dicomferry.engine.provenance.witness import Witnessed
from dicomferry.engine.retrieve.messages import Retrieved, RetrieveTask
from dicomferry.engine.workers.pipe import receive, send
from dicomferry.errors import FerryError
from dicomferry.host import Plugins
from dicomferry.ledger.delivering.deliveries import Load
from dicomferry.ledger.planning.chosen_labels import Labels
from dicomferry.ledger.rows import Examined, Item
from dicomferry.log import log_bug, log_to
from dicomferry.model import Outcome
from dicomferry.recipe.recipe import Recipe


class WorkerSpec(Struct, frozen=True):
    """All a worker needs to build itself, whatever way its process was started."""

    recipe: Recipe
    plugins: Plugins
    ledger_folder: Path
    servers_only: bool
    parent: int
    labels: Labels = field(default_factory=dict)


class ExamineTask(Struct, frozen=True):
    """Examine items with the first `upto` transforms."""

    items: tuple[Item, ...]
    upto: int


class DigestTask(Struct, frozen=True):
    """Tell the content of items apart."""

    items: tuple[Item, ...]


Task = ExamineTask | DigestTask | RetrieveTask | Load


class Done(Struct, frozen=True):
    """The task is finished; `error` says why it ended early, `died` that the worker did too."""

    error: str = ""
    hint: str = ""
    died: bool = False


class Kept(Struct, frozen=True):
    """The main process has made this many answers durable."""

    answers: int


class Examinations(Struct, frozen=True):
    """What came of an `ExamineTask`."""

    results: list[Examined]


class Digests(Struct, frozen=True):
    """What came of a `DigestTask`: item to hex digest."""

    by_item: dict[int, str]


Answer = Examinations | Digests | Outcome | Witnessed | Retrieved
Message = Answer | Done

Messages = list[Message]
"""What goes through the pipe at once; a `Done` is the last of its task."""

_AT_ONCE = 16
"""Answers that are told together: waking the main process costs as much as a small instance."""
_LATEST = 0.05
"""Seconds after which an answer waits no longer for others."""
_WINDOW = 32
"""Answers that may be on their way to the ledger: what a killed run may have to send again."""


def work(spec: WorkerSpec, inbox: Connection, stop: Event) -> None:
    """Answer tasks from the main process until it hangs up. The body of a worker process."""
    # Ctrl-C goes to the whole process group; only the main process decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log_to(spec.ledger_folder)
    worker = _Worker(spec, stop)
    while True:
        try:
            task: Task = receive(inbox)
        except (EOFError, OSError):
            return
        try:
            _answer(worker, task, inbox)
        except (EOFError, OSError):
            return


def _answer(worker: _Worker, task: Task, inbox: Connection) -> None:
    # Only what was sent must become durable before more is: the rest is told when it is done, and
    # the next task may be in the pipe already.
    telling = _Telling(inbox, paced=isinstance(task, Load | RetrieveTask))
    end = Done()
    try:
        for answer in worker.answers(task):
            telling.say(answer)
    except FerryError as error:
        end = Done(error.message, error.hint)
    except (EOFError, OSError):
        raise
    except Exception as error:  # noqa: BLE001  a bug must reach the main process
        log_bug(error, "a worker failed")
        end = Done(f"a worker failed unexpectedly ({type(error).__name__}); see the log")
    telling.end(end)


class _Telling:
    """Tells the main process the answers to one task, and does not run ahead of the ledger."""

    def __init__(self, inbox: Connection, *, paced: bool) -> None:
        self._inbox = inbox
        self._paced = paced
        self._held: list[Message] = []
        self._under_way = 0
        self._told = time.monotonic()

    def say(self, answer: Answer) -> None:
        """Tell an answer, together with the next ones if they come soon."""
        self._held.append(answer)
        full = len(self._held) >= _AT_ONCE or time.monotonic() - self._told >= _LATEST
        if not self._paced or not full:
            return
        send(self._inbox, self._held)
        self._under_way += len(self._held)
        self._held = []
        self._wait(_WINDOW - _AT_ONCE)
        self._told = time.monotonic()

    def end(self, done: Done) -> None:
        """Tell what is left, and that there is no more."""
        self._wait(0)
        send(self._inbox, [*self._held, done])

    def _wait(self, most: int) -> None:
        while self._under_way > most:
            self._under_way -= receive(self._inbox).answers


class _Worker:
    def __init__(self, spec: WorkerSpec, stop: Event) -> None:
        self._spec = spec
        self._stop = stop
        self._prepared: dict[int, Steps] = {}
        self._shapes = Shapes()

    def answers(self, task: Task) -> Iterator[Answer]:
        match task:
            case ExamineTask(items, upto):
                steps = self._stages(upto)
                yield Examinations([examine(item, steps, upto) for item in items])
            case RetrieveTask():
                from dicomferry.engine.retrieve.work import retrieve

                context = BuildContext(self._spec.recipe, self._spec.plugins)
                yield retrieve(self._stages(None), task, context, self._stopped)
            case DigestTask(items):
                yield Digests({item.id: content_digest(item) for item in items})
            case Load():
                yield from dispatch(self._stages(None), task, self._stopped)

    def _stages(self, upto: int | None) -> Steps:
        key = -1 if upto is None else upto
        if key not in self._prepared:
            spec = self._spec
            steps = build_steps(spec.recipe, spec.plugins)
            steps = labelled(steps, spec.labels, spec.recipe, spec.plugins)
            if spec.servers_only:
                steps = only_servers(steps)
            steps.prepare(spec.ledger_folder, len(steps.transforms) if upto is None else upto)
            self._prepared[key] = replace(steps, memory=Memory(), shapes=self._shapes)
        return self._prepared[key]

    def _stopped(self) -> bool:
        # An orphan must not go on sending beside the run that follows it.
        return self._stop.is_set() or os.getppid() != self._spec.parent
