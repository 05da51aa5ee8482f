"""What the XNATs of a recipe are asked: before a run, and after it."""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.servers import Target, targets_of
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.plan.planned import Planned
from dicomferry.engine.plan.problems import by_severity, find_problems, waive
from dicomferry.engine.plan.problems.live import ask
from dicomferry.engine.verify import Findings, Inquiry, Sameness, inquire
from dicomferry.engine.verify.last import note
from dicomferry.engine.verify.mismatch import (
    MismatchExplainer,
    is_mismatch,
    save_vectors,
    vector_of,
)
from dicomferry.engine.workers.workshop import Progress
from dicomferry.host import Plugins
from dicomferry.ledger import Ledger, Lock
from dicomferry.ledger.delivering.deliveries import send_again
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.recipe.recipe import Recipe

_MISSING = "XNAT said that it has it, and does not hold it (verify)"
_DIFFERS = "XNAT holds it with other content than was sent (verify)"


class Questions(Struct, frozen=True):
    """The XNATs of a recipe, to be asked about the plan in a ledger. Made by `questions`.

    `command_line` names the recipe in the commands that mend.
    """

    recipe: Recipe
    targets: tuple[Target, ...]
    command_line: str
    progress: Progress

    def before(self, planned: Planned, ledger: Ledger) -> Planned:
        """Return the plan with what the XNATs say against it."""
        found = waive(ask(ledger, self.targets), self.recipe.allow)
        return replace(planned, problems=tuple(by_severity([*planned.problems, *found])))

    def after(self, steps: Steps, ledger: Ledger, wait: float, content: str = "none") -> Findings:
        """Ask what the XNATs hold; they are given `wait` seconds at most to be done with it.

        Raises `RestError` where one cannot be asked.
        """
        inquiry = Inquiry(steps, ledger, self.targets, self.command_line, content, wait)
        findings = inquire(inquiry, self.progress)
        note(ledger.path.parent, findings)
        return findings


def questions(
    recipe: Recipe, plugins: Plugins, steps: Steps, command_line: str, progress: Progress
) -> Questions:
    """Return what asks the XNATs of a recipe; raises `FerryError` where one cannot be asked."""
    targets = targets_of(steps, BuildContext(recipe, plugins))
    return Questions(recipe, targets, command_line, progress)


def explainer_of(ledger: Ledger, steps: Steps) -> MismatchExplainer:
    """Return what explains the sessions of the plan in a ledger."""
    xnat = any(sink_step.sink.server for sink_step in steps.sinks)
    return MismatchExplainer(PlanReader.last(ledger), find_problems(ledger, frozenset(), xnat=xnat))


def save_mismatches(findings: Findings, ledger: Ledger, path: Path) -> None:
    """Save every session that is not as forecast as a test vector, names and UIDs replaced."""
    plan = PlanReader.last(ledger)
    wrong = [verdict for verdict in findings.verdicts if is_mismatch(verdict)]
    save_vectors((vector_of(verdict, plan) for verdict in wrong), path)


def mark_wrong(folder: Path, findings: Findings) -> int:
    """Make due again what XNAT does not hold as it was sent; return how many instances that are.

    Locks the state folder meanwhile.
    """
    with Lock(folder, "verify"), closing(Ledger(folder)) as ledger:
        return mark_wrong_in(ledger, findings)


def mark_wrong_in(ledger: Ledger, findings: Findings) -> int:
    """Make due again what XNAT does not hold as it was sent, in a ledger open for writing."""
    missing = sum(
        send_again(ledger, verdict.sink, verdict.droppable, _MISSING)
        for verdict in findings.verdicts
    )
    differing: dict[str, list[int]] = defaultdict(list)
    for one in findings.compared:
        if one.sameness is Sameness.DIFFERS:
            differing[one.sink].append(one.item)
    return missing + sum(
        send_again(ledger, sink, items, _DIFFERS) for sink, items in differing.items()
    )
