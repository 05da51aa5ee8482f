"""What the receiving site does to instances after it has identified them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.plan.problems.kinds import instances, problem
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.model import Problem
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.servers import XnatServer


def anonymizes_of(recipe: Recipe, steps: Steps) -> dict[str, tuple[str, ...]]:
    """Return the keywords that the script of each receiving server is declared to rewrite."""
    names = sorted({sink_step.sink.server for sink_step in steps.sinks})
    servers = ((name, recipe.servers.get(name)) for name in names)
    return {
        name: tuple(server.anonymizes) for name, server in servers if isinstance(server, XnatServer)
    }


def names_labels(recipe: Recipe) -> bool:
    """Tell whether a recipe knows an XNAT, whether or not it brings anything there."""
    return any(isinstance(server, XnatServer) for server in recipe.servers.values())


def anonymized(items: ItemGroups, anonymizes: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
    """Say what the site's script rewrites once it has the instances."""
    count = items.count_ready()
    for server, keywords in anonymizes.items():
        if keywords and count:
            yield problem(
                "site-anonymizes",
                f"{server} rewrites {', '.join(keywords)} of {instances(count)} once they are"
                " stored",
            )
