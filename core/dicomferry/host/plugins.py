"""The loaded plug-ins: the only caller of hooks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pluggy
from msgspec.structs import replace

from dicomferry.contract.component import AnyComponent, Component
from dicomferry.contract.importer import Importer
from dicomferry.contract.plan import PlanView
from dicomferry.contract.stand_in import StandInKind
from dicomferry.errors import FerryError
from dicomferry.host.offer import (
    ITSELF,
    KINDS,
    Offer,
    OfferedVerb,
    refuse_namesake,
    refuse_namesakes,
)
from dicomferry.host.plan_check import PlanCheck, ask_plan_check
from dicomferry.host.plugin import Plugin, PluginState
from dicomferry.model import Outcome, Problem
from dicomferry.recipe.components import Components
from dicomferry.recipe.recipe import Recipe

_log = logging.getLogger(__name__)


class Plugins:
    """The loaded plug-ins. Make one with `load_plugins`; nothing here is global.

    `load_anew` loads the same plug-ins in a process that does not share this one's memory.
    """

    def __init__(
        self,
        manager: pluggy.PluginManager,
        plugins: Sequence[Plugin],
        load_anew: Callable[[], Plugins],
    ) -> None:
        self._manager = manager
        self._load_anew = load_anew
        self._broken: dict[str, str] = {}
        self._plugins = tuple(plugins)
        self.offers = tuple(self._collect())
        refuse_namesakes(self.offers)

    def __reduce__(self) -> tuple[Callable[[], Plugins], tuple[()]]:
        return self._load_anew, ()

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """Return every installed plug-in with its state; a plug-in whose hook raised is broken."""
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
        """Return the offered importers."""
        offered = (offer.component for offer in self.offers)
        return tuple(one for one in offered if isinstance(one, Importer))

    def stand_in_for(self, kind: str) -> StandInKind:
        """Return the stand-in for a kind of server; raises `FerryError` where none is offered."""
        for offer in self.offers:
            if isinstance(offer.component, StandInKind) and offer.component.name == kind:
                return offer.component
        raise FerryError(
            f"no plug-in offers a stand-in for a server of the kind '{kind}'",
            hint="`dicomferry plugins` lists the plug-ins, and says why one is not active",
        )

    def verbs(self, own: Iterable[str]) -> dict[str, OfferedVerb]:
        """Return the verbs that plug-ins bring, by name; `own` are those of dicomferry itself.

        Raises `FerryError` where two verbs have one name.
        """
        found: dict[str, OfferedVerb] = {}
        plugin_of = dict.fromkeys(own, ITSELF)
        for implementation in self._implementations("dicomferry_verbs"):
            plugin: str = implementation.plugin_name
            for command in self._records(implementation, "verb"):
                refuse_namesake("verb", command.name, plugin_of.get(command.name), plugin)
                found[command.name] = OfferedVerb(command, plugin)
                plugin_of[command.name] = plugin
        return found

    def check_recipe(self, recipe: Recipe) -> list[Problem]:
        """Return the problems that plug-ins find in a recipe."""
        found: Iterable[Iterable[Problem]] = self._manager.hook.dicomferry_check_recipe(
            recipe=recipe
        )
        return [problem for problems in found for problem in problems]

    @property
    def plan_checkers(self) -> frozenset[str]:
        """Return the names of the plug-ins that check plans."""
        return frozenset(one.plugin_name for one in self._implementations("dicomferry_check_plan"))

    def check_plan(self, plan: PlanView) -> list[PlanCheck]:
        """Return the check of each plug-in that checks plans; one that raises has a `failure`."""
        return [ask_plan_check(one, plan) for one in self._implementations("dicomferry_check_plan")]

    def secret(self, scheme: str, reference: str) -> str | None:
        """Resolve a secret; return None when no plug-in knows the scheme."""
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
        """Return the advice of plug-ins about an error; a plug-in that raises gives none."""
        return [
            hint
            for name, hints in self._asked("dicomferry_error_hints", error=error)
            if isinstance(hints, Sequence) and not isinstance(hints, str)
            for hint in hints
        ]

    def _collect(self) -> Iterator[Offer]:
        for kind, hook in KINDS.items():
            for implementation in self._implementations(hook):
                for component in self._records(implementation, kind):
                    yield Offer(kind, component, implementation.plugin_name)

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
        # pluggy would call the last registered first; this keeps the order by name
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
