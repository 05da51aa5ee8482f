"""The XNATs of a recipe as the engine asks them by REST."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from dicomferry.contract.context import Context
from dicomferry.engine.pipeline.site_scripts import changed_by_site
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.errors import FerryError
from dicomferry.recipe.servers import XnatRest, XnatServer
from dicomferry.xnat.rest import RestSite


class Target(Struct, frozen=True):
    """An XNAT that a sink delivers to and that can be asked over REST.

    `sink` is the sink's key in the ledger, `server` the XNAT's name in the recipe.
    """

    sink: str
    server: str
    site: RestSite
    anonymizes: tuple[str, ...]


def targets_of(steps: Steps, context: Context) -> tuple[Target, ...]:
    """Return every XNAT of the recipe's sinks; raises `FerryError` where one cannot be asked."""
    found = []
    for sink_step in steps.sinks:
        name = sink_step.sink.server
        if not name:
            continue
        server = context.server(name, XnatServer)
        if server.rest is None:
            raise FerryError(
                f"the server '{name}' has no rest: block, so it cannot be asked what it holds",
                hint='add rest: {url: https://HOST, login: "${netrc:HOST}"} to it',
            )
        site = site_of(server.rest, context)
        found.append(Target(sink_step.key, name, site, changed_by_site(server)))
    if not found:
        raise FerryError("no sink of the recipe delivers to an XNAT", hint="there is none to ask")
    return tuple(found)


def site_of(rest: XnatRest, context: Context) -> RestSite:
    """Return how an XNAT is asked; resolves its login. Raises `FerryError` for one of no use."""
    login = context.secret(rest.login)
    user, colon, password = login.partition(":")
    if not (user and colon and password):
        raise FerryError(
            f"the login {rest.login} does not resolve to user:password",
            hint="a netrc entry, or a variable or file with user:password or alias:secret, does",
        )
    ca = str(context.path(rest.ca)) if rest.ca else ""
    if ca and not Path(ca).is_file():
        raise FerryError(f"{ca}: there is no such file", hint="ca: names certificates in PEM")
    return RestSite(rest.url.rstrip("/"), login, ca, rest.connect_timeout, rest.timeout)
