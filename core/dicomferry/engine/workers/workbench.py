"""What a worker offers to its tasks: the recipe's steps, built and ready."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from multiprocessing import parent_process
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from dicomferry.contract.executor import Done, Task
from dicomferry.dicom.shapes import Shapes
from dicomferry.engine.pipeline.chosen_labels import with_chosen_labels
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.memory import Memory
from dicomferry.engine.pipeline.sign import Sign
from dicomferry.engine.pipeline.steps import Steps, build_steps, only_servers
from dicomferry.engine.pipeline.watch import Limits, Watch
from dicomferry.errors import FerryError, OverLimitError
from dicomferry.host import Plugins
from dicomferry.ledger.planning.chosen_labels import Labels
from dicomferry.log import log_bug, log_to
from dicomferry.recipe.recipe import Recipe


class WorkerSpec(Struct, frozen=True):
    """All that a worker needs to build itself, in whatever process it is.

    `begun` are the params that the ledger was begun with.
    """

    recipe: Recipe
    plugins: Plugins
    ledger_folder: Path
    servers_only: bool
    labels: Labels = field(default_factory=dict)
    begun: Mapping[str, str] | None = None
    limits: Limits = field(default_factory=Limits)


class Workbench:
    """One worker's place of work; implements `dicomferry.contract.Worker` and `Signing`."""

    def __init__(self, spec: WorkerSpec) -> None:
        self._spec = spec
        self._prepared: dict[int, Steps] = {}
        self._shapes = Shapes()
        self.watch = Watch(spec.limits)

    def show_on(self, sign: Sign) -> None:
        """Show on `sign` which item is worked on."""
        self.watch.show_on(sign)

    def perform(self, task: Task, stopped: Callable[[], bool]) -> Iterator[object]:
        """Do a task: yield its answers, then a `Done` that has what the task raised."""
        return messages_of(task, self, stopped)

    @cached_property
    def context(self) -> BuildContext:
        """Return what a component of the recipe is built with: its folder, servers and secrets."""
        return BuildContext(self._spec.recipe, self._spec.plugins)

    def steps(self, upto: int | None = None) -> Steps:
        """Return the recipe's steps, built once, and prepared for the first `upto` transforms.

        Without `upto` all transforms are prepared. What one task learned of the layout of files
        and of headers serves the next one. Raises `FerryError` where a step cannot be built.
        """
        key = -1 if upto is None else upto
        if key not in self._prepared:
            spec = self._spec
            steps = build_steps(spec.recipe, spec.plugins, begun=spec.begun)
            steps = with_chosen_labels(steps, spec.labels)
            if spec.servers_only:
                steps = only_servers(steps)
            steps.prepare(spec.ledger_folder, len(steps.transforms) if upto is None else upto)
            self._prepared[key] = replace(
                steps, memory=Memory(), shapes=self._shapes, watch=self.watch
            )
        return self._prepared[key]


def messages_of(task: Task, bench: object, stopped: Callable[[], bool]) -> Iterator[object]:
    """Yield the answers to a task, then a `Done` that has what the task raised."""
    try:
        yield from task.work(bench, stopped)
    except FerryError as error:
        yield Done(error.message, error.hint)
    except OverLimitError as error:
        yield Done(str(error))
    except MemoryError:
        yield Done("a worker has not enough memory", "raise the limit (ulimit -v), then run again")
    except OSError as error:
        log_bug(error, "a worker failed")
        place = f"{error.filename}: " if error.filename else ""
        yield Done(f"a worker failed: {place}{error.strerror or type(error).__name__}")
    except Exception as error:  # noqa: BLE001  a bug must reach the main process
        log_bug(error, "a worker failed")
        yield Done(f"a worker failed unexpectedly ({type(error).__name__}); see the log")
    else:
        yield Done()


def open_workbench(spec: WorkerSpec) -> Workbench:
    """Return a new workbench; the log of this process goes to the state folder.

    A process that was started for it is watched and bounded.
    """
    log_to(spec.ledger_folder)
    bench = Workbench(spec)
    if parent_process() is not None:
        bench.watch.start()
        bench.watch.bound()
    return bench
