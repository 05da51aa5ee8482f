"""The executors there are, and the one that a user has chosen."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec import Struct

from dicomferry.contract.component import Component
from dicomferry.contract.executor import ExecutorFactory
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.workers.in_process import InProcess
from dicomferry.engine.workers.pool import Pool
from dicomferry.errors import FerryError
from dicomferry.host import Plugins
from dicomferry.recipe.recipe import Recipe

LOCAL = "local"
_OWN: Final[Mapping[str, tuple[str, ExecutorFactory]]] = MappingProxyType(
    {
        LOCAL: ("Worker processes on this machine", Pool),
        "in-process": ("One worker in the main process, for a debugger", InProcess),
    }
)

AnyExecutor = Component[Any, ExecutorFactory]


class NoOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to choose."""


def choose_executor(chosen: str, recipe: Recipe, plugins: Plugins) -> ExecutorFactory:
    """Return what makes executors, for `NAME` or `NAME:OPTION=VALUE,OPTION=VALUE`.

    Raises `FerryError` for a name or an option that there is not.
    """
    name, _, text = chosen.partition(":")
    known = _known(plugins)
    if name not in known:
        raise FerryError(
            f"there is no executor called '{name}'",
            hint=f"there are {', '.join(sorted(known))}; plug-ins can offer more",
        )
    component = known[name]
    try:
        options = msgspec.convert(_pairs(text), component.options, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        hint = f"write --executor {name}:OPTION=VALUE,OPTION=VALUE"
        raise FerryError(f"executor '{name}': {error}", hint=hint) from None
    return component.build(options, BuildContext(recipe, plugins))


def _known(plugins: Plugins) -> Mapping[str, AnyExecutor]:
    known = {name: _own(name, summary, make) for name, (summary, make) in _OWN.items()}
    for name, component in plugins.executors.items():
        if name in known:
            raise FerryError(
                f"a plug-in offers an executor called '{name}', as dicomferry itself does",
                hint="block it with DICOMFERRY_BLOCK_PLUGINS, or have it renamed",
            )
        known[name] = component
    return known


def _own(name: str, summary: str, make: ExecutorFactory) -> AnyExecutor:
    return Component(name, summary, NoOptions, lambda _options, _context: make)


def _pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        name, sign, value = part.partition("=")
        if not sign or not name:
            raise ValueError(f"'{part}' is not OPTION=VALUE")
        pairs[name] = value
    return pairs
