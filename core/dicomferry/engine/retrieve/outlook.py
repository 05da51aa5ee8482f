"""What a plan can say of instances that are still on a PACS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dicomferry.engine.retrieve.hours import is_open, next_opening
from dicomferry.ledger.view import LedgerView
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.servers import PacsServer


def outlook(recipe: Recipe, view: LedgerView) -> Iterator[str]:
    """Yield for every PACS what of the plan is provisional, and when it may be asked."""
    for name, instances in view.on_pacs().items():
        yield (
            f"{name}: {instances:,} of them are known by its answers alone: the plan is"
            " provisional, their own headers decide when they are retrieved."
        )
        server = recipe.servers.get(name)
        if isinstance(server, PacsServer) and not is_open(server.hours, now := datetime.now()):  # noqa: DTZ005  the clock on the wall
            opening = next_opening(server.hours, now)
            when = f"from {opening:%A %H:%M}" if opening else "never, by its hours"
            yield f"{name}: it may be asked for images {when}."
