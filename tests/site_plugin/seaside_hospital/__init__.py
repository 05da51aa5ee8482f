"""Seaside Hospital's plug-in: everything it offers to dicomferry is announced here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from dicomferry import (
    Component,
    FerryError,
    Outcome,
    PlanView,
    Problem,
    Recipe,
    Severity,
    Sink,
    Source,
    Stored,
    Transform,
    hookimpl,
)
from dicomferry.contract import ExecutorFactory, Importer, Translation
from dicomferry.xnat import Identifier
from seaside_hospital.cupboard import CUPBOARD
from seaside_hospital.desk import DESK
from seaside_hospital.shelf import SHELF
from seaside_hospital.ward import WARD
from seaside_hospital.xnat import SEASIDE


@hookimpl
def dicomferry_sources() -> Iterator[Component[Any, Source]]:
    yield SHELF


@hookimpl
def dicomferry_transforms() -> Iterator[Component[Any, Transform]]:
    yield WARD


@hookimpl
def dicomferry_sinks() -> Iterator[Component[Any, Sink]]:
    yield CUPBOARD


@hookimpl
def dicomferry_identifiers() -> Iterator[Component[Any, Identifier]]:
    yield SEASIDE


@hookimpl
def dicomferry_executors() -> Iterator[Component[Any, ExecutorFactory]]:
    yield DESK


@hookimpl
def dicomferry_importers() -> Iterator[Importer]:
    yield Importer("seaside-push", "Seaside's own shelf-push", _from_push)


@hookimpl
def dicomferry_verbs() -> Iterator[click.Command]:
    from seaside_hospital.round import round_

    yield round_


@hookimpl
def dicomferry_check_recipe(recipe: Recipe) -> Iterator[Problem]:
    if not recipe.description:
        message = "Seaside Hospital's rules ask for a description"
        yield Problem("seaside-description", message, Severity.WARNING, path="description")


@hookimpl
def dicomferry_secret(scheme: str, reference: str) -> str | None:
    return f"the key of {reference}" if scheme == "seaside" else None


@hookimpl
def dicomferry_check_plan(plan: PlanView) -> Iterator[Problem]:
    for session in plan.sessions():
        if session.studies > 1:
            yield Problem(
                "several-studies",
                f"{session.destination} would hold {session.studies} studies",
                hint="ask the film archive which of them the accession number belongs to",
                why="Seaside Hospital files one study under an accession number",
            )


@hookimpl
def dicomferry_run_started(recipe: Recipe, run: int) -> None:
    _note(f"started {recipe.name}")


@hookimpl
def dicomferry_outcome(sink: str, sop_instance_uid: str, outcome: Outcome) -> None:
    if isinstance(outcome, Stored):
        _note(f"stored {sop_instance_uid} at {sink}")


@hookimpl
def dicomferry_run_finished(recipe: Recipe, run: int, complete: bool) -> None:
    _note(f"finished {recipe.name} {'complete' if complete else 'incomplete'}")


@hookimpl
def dicomferry_error_hints(error: FerryError) -> Sequence[str]:
    return ["call the Seaside help desk"] if "shelf" in error.message else []


def _note(line: str) -> None:
    if diary := os.environ.get("SEASIDE_DIARY"):
        with Path(diary).open("a") as file:
            file.write(line + "\n")


def _from_push(script: str, name: str) -> Translation | None:
    pushed = [line.split()[1] for line in script.splitlines() if line.startswith("shelf-push ")]
    if not pushed:
        return None
    sources = "".join(f"  - seaside-shelf: {{list: {path}}}\n" for path in pushed)
    head = f"recipe: 1\nname: {name}\ndescription: was pushed\nsources:\n{sources}"
    return Translation(head + "sinks:\n  - seaside-cupboard: {path: cupboard}\n")
