"""Every hook that a plug-in may implement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

from dicomferry.contract.component import Component, ServerKind
from dicomferry.contract.executor import ExecutorFactory
from dicomferry.contract.fetcher import Fetcher
from dicomferry.contract.identifier import Identifier
from dicomferry.contract.importer import Importer
from dicomferry.contract.plan import PlanView
from dicomferry.contract.sink import Sink
from dicomferry.contract.source import Source
from dicomferry.contract.stand_in import StandInKind
from dicomferry.contract.transform import Transform
from dicomferry.errors import FerryError
from dicomferry.model import Outcome, Problem

if TYPE_CHECKING:
    import click

    from dicomferry.recipe.recipe import Recipe

hookspec = pluggy.HookspecMarker("dicomferry")
hookimpl = pluggy.HookimplMarker("dicomferry")


# Offers: a plug-in yields records. Importing it registers nothing.


@hookspec
def dicomferry_sources() -> Iterable[Component[Any, Source]]:  # type: ignore[empty-body]
    """Offer components that find instances."""


@hookspec
def dicomferry_transforms() -> Iterable[Component[Any, Transform]]:  # type: ignore[empty-body]
    """Offer components that change instances."""


@hookspec
def dicomferry_sinks() -> Iterable[Component[Any, Sink]]:  # type: ignore[empty-body]
    """Offer components that deliver instances to a receiver."""


@hookspec
def dicomferry_identifiers() -> Iterable[Component[Any, Identifier]]:  # type: ignore[empty-body]
    """Offer emulations of how an XNAT receiver identifies instances."""


@hookspec
def dicomferry_servers() -> Iterable[ServerKind[Any]]:  # type: ignore[empty-body]
    """Offer kinds of server that a recipe may declare."""


@hookspec
def dicomferry_fetchers() -> Iterable[Component[Any, Fetcher]]:  # type: ignore[empty-body]
    """Offer fetchers, which get the bytes of instances that a source found on a server."""


@hookspec
def dicomferry_executors() -> Iterable[Component[Any, ExecutorFactory]]:  # type: ignore[empty-body]
    """Offer executors, which have workers do the tasks of the engine."""


@hookspec
def dicomferry_importers() -> Iterable[Importer]:  # type: ignore[empty-body]
    """Offer importers, which make a recipe of a script of another tool."""


@hookspec
def dicomferry_stand_ins() -> Iterable[StandInKind]:  # type: ignore[empty-body]
    """Offer stand-ins, which receive on this machine what a recipe would send to a server."""


@hookspec
def dicomferry_verbs() -> Iterable[click.Command]:  # type: ignore[empty-body]
    """Offer verbs of the command line."""


# Decisions: the engine acts on the answer.


@hookspec
def dicomferry_check_recipe(recipe: Recipe) -> Iterable[Problem]:  # type: ignore[empty-body]
    """Find faults in a recipe that its schema cannot express."""


@hookspec(firstresult=True)
def dicomferry_secret(scheme: str, reference: str) -> str | None:
    """Resolve a secret `${scheme:reference}`; return None for a scheme of another plug-in."""


@hookspec
def dicomferry_check_plan(plan: PlanView) -> Iterable[Problem]:  # type: ignore[empty-body]
    """Find what a site does not want to send; a problem of severity error stops a run."""


# Observations: the engine ignores the answer, and goes on when an observer raises.


@hookspec
def dicomferry_run_started(recipe: Recipe, run: int) -> None:
    """Observe that a run begins."""


@hookspec
def dicomferry_outcome(sink: str, sop_instance_uid: str, outcome: Outcome) -> None:
    """Observe what became of one instance at one sink; the ledger holds the outcome by then."""


@hookspec
def dicomferry_run_finished(recipe: Recipe, run: int, complete: bool) -> None:
    """Observe that a run ends; `complete` says that every item is stored or excluded."""


@hookspec
def dicomferry_error_hints(error: FerryError) -> Sequence[str]:  # type: ignore[empty-body]
    """Advise what a user could do about an error."""
