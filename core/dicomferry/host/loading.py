"""Loads plug-ins, each by itself, and says what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial
from importlib.metadata import Distribution, EntryPoint, entry_points

import pluggy

from dicomferry import hookspecs
from dicomferry.host.extras import install_command, missing_extras
from dicomferry.host.plugin import API_VERSION, GROUP, Plugin, PluginState, Selection
from dicomferry.host.plugins import Plugins


def load_plugins(selection: Selection, found: Iterable[EntryPoint] | None = None) -> Plugins:
    """Load every plug-in of the entry point group that `selection` lets in.

    The host leaves a plug-in out, with the reason, when its extra is not installed, its import
    fails, it wants another API version, its name occurs twice, or it implements an unknown hook.
    The other plug-ins load all the same. Raises `FerryError` when two plug-ins offer a component of
    one kind under one name.
    """
    manager = pluggy.PluginManager("dicomferry")
    manager.add_hookspecs(hookspecs)
    points = entry_points(group=GROUP) if found is None else found
    plugins: list[Plugin] = []
    names: set[str] = set()
    origin_of = cache(_origin)  # read the metadata of each distribution once
    for point in sorted(points, key=lambda point: (point.name, point.value)):
        if point.name in names:
            state, reason = PluginState.DUPLICATE, "another plug-in has the same name"
        else:
            names.add(point.name)
            state, reason = _load(manager, point, selection)
        plugins.append(Plugin(point.name, point.value, *origin_of(point.dist), state, reason))
    return Plugins(manager, plugins, partial(load_plugins, selection))


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
