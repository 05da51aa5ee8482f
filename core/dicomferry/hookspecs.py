"""Every hook a plug-in may implement, in the order a run calls them."""

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
from dicomferry.contract.transform import Transform
from dicomferry.errors import FerryError
from dicomferry.model import Outcome, Problem

if TYPE_CHECKING:
    import click

    from dicomferry.recipe.recipe import Recipe

hookspec = pluggy.HookspecMarker("dicomferry")
hookimpl = pluggy.HookimplMarker("dicomferry")


# Offers: yield records; nothing is registered by side effect.


@hookspec
def dicomferry_sources() -> Iterable[Component[Any, Source]]:  # type: ignore[empty-body]
    """Offer components that find instances."""


@hookspec
def dicomferry_transforms() -> Iterable[Component[Any, Transform]]:  # type: ignore[empty-body]
    """Offer components that change instances."""


@hookspec
def dicomferry_sinks() -> Iterable[Component[Any, Sink]]:  # type: ignore[empty-body]
    """Offer components that take instances."""


@hookspec
def dicomferry_identifiers() -> Iterable[Component[Any, Identifier]]:  # type: ignore[empty-body]
    """Offer emulations of an XNAT receiver's way to identify what arrives."""


@hookspec
def dicomferry_servers() -> Iterable[ServerKind[Any]]:  # type: ignore[empty-body]
    """Offer kinds of server that a recipe may declare."""


@hookspec
def dicomferry_fetchers() -> Iterable[Component[Any, Fetcher]]:  # type: ignore[empty-body]
    """Offer ways to get the bytes of instances that a source found on a server."""


@hookspec
def dicomferry_executors() -> Iterable[Component[Any, ExecutorFactory]]:  # type: ignore[empty-body]
    """Offer executors, which have the work on instances done somewhere."""


@hookspec
def dicomferry_importers() -> Iterable[Importer]:  # type: ignore[empty-body]
    """Offer to make recipes of the scripts of another tool."""


@hookspec
def dicomferry_verbs() -> Iterable[click.Command]:  # type: ignore[empty-body]
    """Offer verbs of the command line."""


# Decisions: the answer changes what happens.


@hookspec
def dicomferry_check_recipe(recipe: Recipe) -> Iterable[Problem]:  # type: ignore[empty-body]
    """Find faults in a recipe that its schema cannot express."""


@hookspec(firstresult=True)
def dicomferry_secret(scheme: str, reference: str) -> str | None:
    """Resolve a secret `${scheme:reference}`; None when the scheme is another plug-in's."""


@hookspec
def dicomferry_check_plan(plan: PlanView) -> Iterable[Problem]:  # type: ignore[empty-body]
    """Find what a site does not want to be sent; a problem of severity error stops a run."""


# Observations: the answer is ignored, and an observer that raises never stops a run.


@hookspec
def dicomferry_run_started(recipe: Recipe, run: int) -> None:
    """See a run begin."""


@hookspec
def dicomferry_outcome(sink: str, sop_instance_uid: str, outcome: Outcome) -> None:
    """See what became of one instance at one sink, once the ledger holds it."""


@hookspec
def dicomferry_run_finished(recipe: Recipe, run: int, complete: bool) -> None:
    """See a run end; `complete` when everything is stored or was excluded on purpose."""


@hookspec
def dicomferry_error_hints(error: FerryError) -> Sequence[str]:  # type: ignore[empty-body]
    """Offer what a user could do about an error."""
