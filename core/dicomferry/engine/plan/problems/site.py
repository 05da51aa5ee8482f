"""What the receiving site does to instances after it has identified them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import astuple

from dicomferry.dicom.dictionary import keyword_of
from dicomferry.engine.pipeline.site_scripts import changed_by_site, scripts_of
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.plan.problems.kinds import instances, problem
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.model import Problem
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.servers import XnatServer
from dicomferry.template import DESTINATION_NAMES, Template


def anonymizes_of(recipe: Recipe, steps: Steps) -> dict[str, tuple[str, ...]]:
    """Return the keywords that the script of each receiving server is declared to rewrite."""
    names = sorted({sink_step.sink.server for sink_step in steps.sinks})
    servers = ((name, recipe.servers.get(name)) for name in names)
    return {
        name: changed_by_site(server) for name, server in servers if isinstance(server, XnatServer)
    }


_FILED_BY: Final = frozenset((
    "SOPClassUID", "SOPInstanceUID", "Modality", "StudyInstanceUID", "SeriesInstanceUID",
    "SeriesNumber",
))  # fmt: skip
"""What XNAT makes sessions, scans and their types of, once its scripts have run."""

_NAMED: Final = 5


def site_scripts(recipe: Recipe, steps: Steps) -> Iterator[Problem]:
    """Say what of the scripts that the recipe holds is not understood, or changes the filing."""
    for name in sorted({sink_step.sink.server for sink_step in steps.sinks}):
        server = recipe.servers.get(name)
        if not isinstance(server, XnatServer):
            continue
        for called, script in scripts_of(server):
            if unclear := script.not_understood:
                lines = "; ".join(map(str, unclear[:_NAMED]))
                more = f"; and {len(unclear) - _NAMED} more" if len(unclear) > _NAMED else ""
                yield problem(
                    "site-script-not-understood",
                    f"{name}: {called} is not understood in {lines}{more}",
                )
            if filed := [one for one in map(keyword_of, script.touched) if one in _FILED_BY]:
                yield problem(
                    "site-script-changes-filing", f"{name}: {called} changes {', '.join(filed)}"
                )


def names_labels(recipe: Recipe, steps: Steps) -> bool:
    """Tell whether labels matter to a recipe, whether or not it brings anything to an XNAT.

    They do where it knows an XNAT, where a transform goes by sessions, and where a sink files by
    labels. What a transform asks for is noted of each instance (`LABELS_ASKED`).
    """
    return (
        any(isinstance(server, XnatServer) for server in recipe.servers.values())
        or bool(steps.preparing)
        or any(_has_labels(step.options) for step in recipe.sinks)
    )


def _has_labels(options: object) -> bool:
    """Tell whether a template in some options has the name of a label in it."""
    match options:
        case Template():
            return not options.names.isdisjoint(DESTINATION_NAMES)
        case Struct():
            return any(map(_has_labels, astuple(options)))
        case list() | tuple():
            return any(map(_has_labels, options))
        case dict():
            return any(map(_has_labels, options.values()))
    return False


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
