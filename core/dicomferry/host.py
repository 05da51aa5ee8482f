"""The plug-in host: finds plug-ins, says what became of each, and is the only caller of hooks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Final

import pluggy
from msgspec import Struct
from msgspec.structs import replace

from dicomferry import hookspecs
from dicomferry.component import AnyComponent, AnyServerKind, Component, PlanView
from dicomferry.errors import FerryError
from dicomferry.extras import install_command, missing_extras
from dicomferry.importer import Importer
from dicomferry.model import Outcome, Problem
from dicomferry.recipe.components import Components
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.servers import XNAT

if TYPE_CHECKING:
    import click

ITSELF: Final = "dicomferry itself"
GROUP = "dicomferry.plugins"
API_VERSION = 1
"""A plug-in module that sets `DICOMFERRY_API` to another number is refused."""

_log = logging.getLogger(__name__)

KINDS: Mapping[str, str] = {
    "source": "dicomferry_sources",
    "transform": "dicomferry_transforms",
    "sink": "dicomferry_sinks",
    "identifier": "dicomferry_identifiers",
    "server": "dicomferry_servers",
    "fetcher": "dicomferry_fetchers",
    "executor": "dicomferry_executors",
    "importer": "dicomferry_importers",
}


class PluginState(StrEnum):
    """What became of a plug-in when it was loaded."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    BROKEN = "broken"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    NOT_INSTALLED = "not installed"


class Plugin(Struct, frozen=True):
    """One installed plug-in, its state and, unless active, the reason for it."""

    name: str
    module: str
    distribution: str
    version: str
    state: PluginState
    reason: str = ""


class Offer(Struct, frozen=True):
    """A component, a kind of server or an importer, together with the plug-in it comes from."""

    kind: str
    component: AnyComponent | AnyServerKind | Importer
    plugin: str


class PlanCheck(Struct, frozen=True):
    """What the check of one plug-in found wrong with a plan; `failure` is why it could not say."""

    plugin: str
    problems: tuple[Problem, ...] = ()
    failure: str = ""


class OfferedVerb(Struct, frozen=True):
    """A verb of the command line together with the plug-in it comes from."""

    command: click.Command
    plugin: str


class Selection(Struct, frozen=True):
    """Which plug-ins may be imported: all but `blocked`, or only those in `allowed`."""

    allowed: frozenset[str] | None = None
    blocked: frozenset[str] = frozenset()

    def refusal(self, name: str) -> str:
        """Return why a plug-in may not be imported; empty when it may."""
        if name in self.blocked:
            return "it is on the block list"
        if self.allowed is not None and name not in self.allowed:
            return "it is not on the allow list"
        return ""


def selection_of(environment: Mapping[str, str]) -> Selection:
    """Return the selection that DICOMFERRY_ALLOW_PLUGINS and …_BLOCK_PLUGINS make."""
    allowed = environment.get("DICOMFERRY_ALLOW_PLUGINS")
    blocked = _names(environment.get("DICOMFERRY_BLOCK_PLUGINS", ""))
    return Selection(_names(allowed) if allowed is not None else None, blocked)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


class Plugins:
    """The loaded plug-ins. Make one with `load_plugins`; nothing here is global.

    In a process that does not share this one's memory they are loaded anew.
    """

    def __init__(
        self, manager: pluggy.PluginManager, plugins: Sequence[Plugin], selection: Selection
    ) -> None:
        self._manager = manager
        self._selection = selection
        self._broken: dict[str, str] = {}
        self._plugins = tuple(plugins)
        self.offers = tuple(self._collect())
        _refuse_namesakes(self.offers)

    def __reduce__(self) -> tuple[Callable[[Selection], Plugins], tuple[Selection]]:
        return load_plugins, (self._selection,)

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """Return every installed plug-in with its state, those that broke while asked included."""
        return tuple(
            replace(plugin, state=PluginState.BROKEN, reason=self._broken[plugin.name])
            if plugin.name in self._broken
            else plugin
            for plugin in self._plugins
        )

    @property
    def components(self) -> Components:
        """Return the offered components that a recipe may name, by kind and name."""
        by_kind: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        for offer in self.offers:
            by_kind[offer.kind][offer.component.name] = offer.component
        return Components(
            sources=by_kind["source"],
            transforms=by_kind["transform"],
            sinks=by_kind["sink"],
            identifiers=by_kind["identifier"],
            servers=by_kind["server"],
            fetchers=by_kind["fetcher"],
            installable={
                plugin.name: plugin.reason
                for plugin in self._plugins
                if plugin.state is PluginState.NOT_INSTALLED
            },
        )

    @property
    def executors(self) -> Mapping[str, AnyComponent]:
        """Return the offered executors by name; no recipe can name them."""
        found = (o.component for o in self.offers if o.kind == "executor")
        return {one.name: one for one in found if isinstance(one, Component)}

    @property
    def importers(self) -> tuple[Importer, ...]:
        """Return what makes recipes of other tools' scripts."""
        offered = (offer.component for offer in self.offers)
        return tuple(one for one in offered if isinstance(one, Importer))

    def verbs(self, own: Iterable[str]) -> dict[str, OfferedVerb]:
        """Return the verbs that plug-ins bring, by name; `own` are those of dicomferry itself.

        Raises `FerryError` where two verbs have one name.
        """
        found: dict[str, OfferedVerb] = {}
        plugin_of = dict.fromkeys(own, ITSELF)
        for implementation in self._implementations("dicomferry_verbs"):
            plugin: str = implementation.plugin_name
            for command in self._records(implementation, "verb"):
                _refuse_namesake("verb", command.name, plugin_of.get(command.name), plugin)
                found[command.name] = OfferedVerb(command, plugin)
                plugin_of[command.name] = plugin
        return found

    def check_recipe(self, recipe: Recipe) -> list[Problem]:
        """Return what plug-ins find wrong with a recipe."""
        found: Iterable[Iterable[Problem]] = self._manager.hook.dicomferry_check_recipe(
            recipe=recipe
        )
        return [problem for problems in found for problem in problems]

    @property
    def plan_checkers(self) -> frozenset[str]:
        """Return the names of the plug-ins that check plans."""
        return frozenset(one.plugin_name for one in self._implementations("dicomferry_check_plan"))

    def check_plan(self, plan: PlanView) -> list[PlanCheck]:
        """Return what each plug-in that checks plans finds; one that raises is told as failed."""
        return [_plan_check(one, plan) for one in self._implementations("dicomferry_check_plan")]

    def secret(self, scheme: str, reference: str) -> str | None:
        """Resolve a secret; None when no plug-in knows the scheme."""
        resolved: str | None = self._manager.hook.dicomferry_secret(
            scheme=scheme, reference=reference
        )
        return resolved

    def run_started(self, recipe: Recipe, run: int) -> None:
        """Tell observers that a run begins."""
        self._tell("dicomferry_run_started", recipe=recipe, run=run)

    def outcome(self, sink: str, sop_instance_uid: str, outcome: Outcome) -> None:
        """Tell observers what became of an instance."""
        self._tell(
            "dicomferry_outcome", sink=sink, sop_instance_uid=sop_instance_uid, outcome=outcome
        )

    def run_finished(self, recipe: Recipe, run: int, complete: bool) -> None:
        """Tell observers that a run ended."""
        self._tell("dicomferry_run_finished", recipe=recipe, run=run, complete=complete)

    def error_hints(self, error: FerryError) -> list[str]:
        """Return what plug-ins advise about an error; an adviser that raises is left out."""
        return [
            hint
            for name, hints in self._asked("dicomferry_error_hints", error=error)
            if isinstance(hints, Sequence) and not isinstance(hints, str)
            for hint in hints
        ]

    def _collect(self) -> Iterator[Offer]:
        for kind, hook in KINDS.items():
            for implementation in self._implementations(hook):
                yield from self._offers_of(kind, implementation)

    def _offers_of(self, kind: str, implementation: Any) -> list[Offer]:
        found = self._records(implementation, kind)
        return [Offer(kind, component, implementation.plugin_name) for component in found]

    def _records(self, implementation: Any, kind: str) -> list[Any]:
        """Return what a plug-in yields for one kind of offer; a plug-in that raises is broken."""
        try:
            return list(implementation.function() or ())
        except Exception as error:  # noqa: BLE001  a stranger's code must not take the host down
            reason = f"{type(error).__name__} while it was asked for its {kind}s"
            self._broken[implementation.plugin_name] = reason
            return []

    def _implementations(self, hook: str) -> list[Any]:
        caller = getattr(self._manager.hook, hook)
        # pluggy calls the last registered first; entry points come sorted by name, keep that order
        found: list[Any] = caller.get_hookimpls()
        return found

    def _asked(self, hook: str, **arguments: object) -> Iterator[tuple[str, Any]]:
        for implementation in self._implementations(hook):
            call: Callable[..., Any] = implementation.function
            known = {name: arguments[name] for name in implementation.argnames}
            try:
                yield implementation.plugin_name, call(**known)
            except Exception as error:  # noqa: BLE001  an observer never stops a run
                _log.warning(
                    "plug-in %s raised %s in %s",
                    implementation.plugin_name,
                    type(error).__name__,
                    hook,
                )

    def _tell(self, hook: str, **arguments: object) -> None:
        for _ in self._asked(hook, **arguments):
            pass


def _plan_check(implementation: Any, plan: PlanView) -> PlanCheck:
    name: str = implementation.plugin_name
    known = {"plan": plan} if "plan" in implementation.argnames else {}
    try:
        found = tuple(implementation.function(**known) or ())
    except FerryError as error:
        return PlanCheck(name, failure=error.message)
    except Exception as error:  # noqa: BLE001  a stranger's code; its message may name a patient
        return PlanCheck(name, failure=f"it raised {type(error).__name__}")
    for one in found:
        if not isinstance(one, Problem):
            return PlanCheck(name, failure=f"it answered {type(one).__name__}, not Problem")
    return PlanCheck(name, found)


def _refuse_namesakes(offers: Sequence[Offer]) -> None:
    seen = {("server", XNAT.name): ITSELF}
    for offer in offers:
        key = (offer.kind, offer.component.name)
        _refuse_namesake(*key, seen.get(key), offer.plugin)
        seen[key] = offer.plugin


def _refuse_namesake(kind: str, name: str, first: str | None, second: str) -> None:
    """Raise `FerryError` where `first` offers already what `second` offers under the same name."""
    if first is not None:
        raise FerryError(
            f"two plug-ins offer a {kind} called '{name}': {first} and {second}",
            hint="uninstall one of them, or block it with DICOMFERRY_BLOCK_PLUGINS",
        )


def load_plugins(selection: Selection, found: Iterable[EntryPoint] | None = None) -> Plugins:
    """Load every plug-in of the entry point group that `selection` lets in.

    A plug-in whose extra is not installed, that cannot be imported, asks for another API version,
    repeats a name or implements a hook that does not exist is left out with its reason; it never
    stops the others. Raises `FerryError` when two plug-ins offer a component of one kind under one
    name.
    """
    manager = pluggy.PluginManager("dicomferry")
    manager.add_hookspecs(hookspecs)
    points = entry_points(group=GROUP) if found is None else found
    plugins: list[Plugin] = []
    names: set[str] = set()
    origin_of = cache(_origin)  # the metadata of each is read once
    for point in sorted(points, key=lambda point: (point.name, point.value)):
        if point.name in names:
            state, reason = PluginState.DUPLICATE, "another plug-in has the same name"
        else:
            names.add(point.name)
            state, reason = _load(manager, point, selection)
        plugins.append(Plugin(point.name, point.value, *origin_of(point.dist), state, reason))
    return Plugins(manager, plugins, selection)


def _origin(distribution: Distribution | None) -> tuple[str, str]:
    if distribution is None:
        return "?", "?"
    metadata = distribution.metadata
    return metadata["Name"], metadata["Version"]


def _load(
    manager: pluggy.PluginManager, point: EntryPoint, selection: Selection
) -> tuple[PluginState, str]:
    """Load one plug-in; return what became of it, and the reason unless it is active."""
    refusal = selection.refusal(point.name)
    if refusal:
        return PluginState.BLOCKED, refusal
    if missing := missing_extras(point):
        return PluginState.NOT_INSTALLED, install_command(point, missing)
    try:
        module = point.load()
    except Exception as error:  # noqa: BLE001  a stranger's import may raise anything
        return PluginState.BROKEN, f"{type(error).__name__}: {error}"
    wanted = getattr(module, "DICOMFERRY_API", API_VERSION)
    if wanted != API_VERSION:
        reason = f"it is written for API version {wanted}, this is {API_VERSION}"
        return PluginState.REFUSED, reason
    try:
        manager.register(module, name=point.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        if manager.has_plugin(point.name):
            manager.unregister(name=point.name)
        return PluginState.REFUSED, str(error).splitlines()[0]
    return PluginState.ACTIVE, ""
