"""The pace of a sink, as the recipe says of its XNAT."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from dicomferry.engine.deliver.pacing.limit import FoundLimit, GivenLimit
from dicomferry.engine.deliver.pacing.pace import SessionPace
from dicomferry.engine.deliver.pacing.quiet import UNASKED_LIMIT, QuietPace
from dicomferry.engine.deliver.pacing.watched import WatchedPace
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.servers import site_of
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.servers import XnatServer
from dicomferry.xnat.rest import OutstandingReader, RestClient


@contextmanager
def open_paces(
    recipe: Recipe, steps: Steps, context: BuildContext
) -> Iterator[dict[str, SessionPace]]:
    """Open the pace of every paced XNAT that a sink delivers to, by the XNAT's name."""
    paces: dict[str, SessionPace] = {}
    with ExitStack() as stack:
        for name in dict.fromkeys(step.sink.server for step in steps.sinks if step.sink.server):
            server = recipe.servers.get(name)
            if not isinstance(server, XnatServer) or server.pace is None:
                continue
            given, pace = server.pace.outstanding, server.pace
            if server.rest is None:
                paces[name] = QuietPace(given or UNASKED_LIMIT, pace.quiet)
                continue
            client = stack.enter_context(RestClient(site_of(server.rest, context)))
            limit = GivenLimit(given) if given else FoundLimit()
            look = OutstandingReader(client).sessions
            paces[name] = WatchedPace(f"XNAT '{name}'", look, limit, pace.patience)
        yield paces
