"""What is not as forecast: explained for people, and saved for the tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from dicomferry.cli.views.text import printable
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.plan.problems import find_problems
from dicomferry.engine.verify import SessionVerdict
from dicomferry.engine.verify.mismatch import (
    MismatchExplainer,
    is_mismatch,
    save_vectors,
    vector_of,
)
from dicomferry.ledger import Ledger
from dicomferry.ledger.reading.plan_reader import PlanReader

vector_option = click.option(
    "--save-vector", "vectors", type=click.Path(path_type=Path, dir_okay=False),
    help="Save what did not land as forecast as test vectors (.json), names and UIDs replaced.",
)  # fmt: skip


def explainer_of(ledger: Ledger, steps: Steps) -> MismatchExplainer:
    """Return what explains the sessions of the plan in a ledger."""
    xnat = any(sink_step.sink.server for sink_step in steps.sinks)
    return MismatchExplainer(PlanReader.last(ledger), find_problems(ledger, frozenset(), xnat=xnat))


def mismatch_lines(
    verdicts: Sequence[SessionVerdict], explainer: MismatchExplainer
) -> Iterator[str]:
    """Yield every session that is not as forecast, with the rules that made the difference."""
    for verdict in verdicts:
        if is_mismatch(verdict):
            yield printable(f"{verdict.destination}: {verdict.standing}")
            yield from (f"  {printable(line)}" for line in [verdict.message] if line)
            yield from (f"  {printable(line)}" for line in explainer.rules(verdict))


def save_mismatches(verdicts: Sequence[SessionVerdict], ledger: Ledger, path: Path) -> None:
    """Save every session that is not as forecast as a vector."""
    plan = PlanReader.last(ledger)
    save_vectors((vector_of(v, plan) for v in verdicts if is_mismatch(v)), path)
