"""The plug-in host: finds plug-ins, says what became of each, and calls their hooks.

- Plugin: one installed plug-in, with its *state*: active, or left out for a reason.
- Selection: which plug-ins may be imported; the environment makes it (`selection_of`).
- Plugins: the loaded plug-ins (`load_plugins`). This class alone calls hooks.
- Offer: a component, a kind of server, an importer or a stand-in, with the plug-in it comes from.
- PlanCheck: what the check of one plug-in says of a plan.
- Extra: packages that only some plug-ins of a distribution need (`extras`).
- Working copy: a plug-in that runs from its source folder, not installed (`working_copy`).

The engine, `Ferry`, the command line and the test kit import this package; plug-ins do not. It
imports `hookspecs`, `recipe` and what these import. `dicomferry.hookspecs` has the hooks.
"""

from dicomferry.host.loading import load_plugins
from dicomferry.host.offer import Offer, OfferedVerb
from dicomferry.host.plan_check import PlanCheck
from dicomferry.host.plugin import GROUP, Plugin, PluginState, Selection, selection_of
from dicomferry.host.plugins import Plugins

__all__ = [
    "GROUP",
    "Offer",
    "OfferedVerb",
    "PlanCheck",
    "Plugin",
    "PluginState",
    "Plugins",
    "Selection",
    "load_plugins",
    "selection_of",
]
