"""How the labels of a chosen plan get into what is sent: by identify, as those of a recipe do."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from dicomferry.dicom.header import Header
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.steps import Steps, TransformStep
from dicomferry.errors import FerryError
from dicomferry.host import Plugins
from dicomferry.ledger.planning.chosen_labels import Labels
from dicomferry.recipe.recipe import Recipe

_IDENTIFY = "identify"


class _Chosen:
    """Holds for what a chosen plan has labels for; the rest stays as the recipe alone makes it."""

    def holds(self, header: Header) -> bool:
        return header.wanted is not None and bool(header.wanted.chosen)


def labelled(steps: Steps, labels: Labels, recipe: Recipe, plugins: Plugins) -> Steps:
    """Return the stages that call series by `labels`; without any, they are as they were.

    A recipe without identify gets one that says nothing of its own, before the first transform
    that must know where everything goes. Raises `FerryError` where none can be built.
    """
    if not labels:
        return steps
    steps = replace(steps, labels=labels)
    if any(step.component == _IDENTIFY for step in recipe.transforms):
        return steps
    at = next(iter(steps.preparing), len(steps.transforms))
    transforms = (*steps.transforms[:at], _identify(steps, recipe, plugins))
    return replace(steps, transforms=transforms + steps.transforms[at:])


def _identify(steps: Steps, recipe: Recipe, plugins: Plugins) -> TransformStep:
    offered = plugins.components.transforms.get(_IDENTIFY)
    if offered is None:
        raise FerryError(
            f"no plug-in offers '{_IDENTIFY}', which writes the labels of a chosen plan",
            hint="see `dicomferry plugins`",
        )
    # Several XNATs are served alike; the forecast of each tells where that does not work out.
    name, _ = steps.identifiers[0]
    reads = all(identifier.reads_comments for _, identifier in steps.identifiers)
    plain = {
        "write": "comments" if reads else "fields",
        "server": name if name in recipe.servers else "",
    }
    options = msgspec.convert(plain, offered.options)
    identify = offered.build(options, BuildContext(recipe, plugins))
    return TransformStep("the chosen plan", identify, _Chosen())
