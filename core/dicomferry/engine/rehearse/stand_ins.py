"""A recipe run against stand-ins: every XNAT of the recipe is replaced by one on loopback."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dicomferry.dicom.quiet import quietly
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.workers.processes import process_context
from dicomferry.errors import FerryError
from dicomferry.host import Plugins
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.servers import XnatRest, XnatServer
from dicomferry.xnat.filing.tree import Tree
from dicomferry.xnat.naming.options import Identification
from dicomferry.xnat.receiver import Faults, SiteSettings, StandIn

_PATIENCE = 60.0
"""Seconds a stand-in has to answer."""


class Stage(Struct, frozen=True):
    """A recipe whose XNATs are stand-ins, and the way to ask these what they hold."""

    recipe: Recipe
    doubles: dict[str, Double]


class Double:
    """A stand-in in a process of its own, so that nothing of it is forked into the workers.

    `login` is the `user:password` its REST side takes; it is made anew for every rehearsal.
    """

    def __init__(self, connection: Connection, port: int, url: str, login: str) -> None:
        self._connection = connection
        self.port = port
        self.url = url
        self.login = login

    def build(self) -> Tree:
        """Let the quiet period pass and return what the stand-in then holds."""
        self._connection.send("build")
        if not self._connection.poll(_PATIENCE):
            raise FerryError("the stand-in XNAT does not answer")
        tree: Tree = self._connection.recv()
        return tree


@contextmanager
def open_stage(
    recipe: Recipe, plugins: Plugins, storage: Path | None, faults: Faults | None = None
) -> Iterator[Stage]:
    """Start a stand-in for every XNAT server of a recipe and point the recipe at them.

    `storage` keeps what they receive, a folder each; None keeps nothing but the counts. `faults`
    are what the stand-ins do on purpose.
    """
    with ExitStack() as stack:
        doubles = {
            name: stack.enter_context(
                _double(
                    recipe,
                    name,
                    plugins,
                    storage / name if storage else None,
                    faults or Faults(),
                )
            )
            for name, server in recipe.servers.items()
            if isinstance(server, XnatServer)
        }
        servers = {
            name: _pointed(server, doubles[name]) if isinstance(server, XnatServer) else server
            for name, server in recipe.servers.items()
        }
        yield Stage(replace(recipe, servers=servers), doubles)


def _pointed(server: XnatServer, double: Double) -> XnatServer:
    dicom = msgspec.structs.replace(server.dicom, host="127.0.0.1", port=double.port, tls=None)
    rest = XnatRest(url=double.url, login=double.login)
    return msgspec.structs.replace(server, dicom=dicom, rest=rest)


@contextmanager
def _double(
    recipe: Recipe, name: str, plugins: Plugins, storage: Path | None, faults: Faults
) -> Iterator[Double]:
    context = process_context()
    here, there = context.Pipe()
    login = f"rehearsal:{secrets.token_hex(16)}"
    cast = Cast(recipe, name, plugins, storage, login, faults)
    process = context.Process(target=_stand_in, args=(cast, there, here), daemon=True)
    process.start()
    there.close()
    try:
        if not here.poll(_PATIENCE):
            raise FerryError("the stand-in XNAT did not start")
        answer: tuple[int, str] | str = here.recv()
        if isinstance(answer, str):
            raise FerryError(answer)
        yield Double(here, *answer, login)
    finally:
        here.close()
        process.join(5)
        if process.is_alive():
            process.terminate()
            process.join()


class Cast(Struct, frozen=True):
    """What a stand-in's process is to play."""

    recipe: Recipe
    server: str
    plugins: Plugins
    storage: Path | None
    login: str
    faults: Faults


def _stand_in(cast: Cast, connection: Connection, other_end: Connection) -> None:
    other_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with quietly(), _played(cast) as stand_in:
            connection.send((stand_in.port, stand_in.url))
            while connection.recv() == "build":
                stand_in.build()
                connection.send(stand_in.tree())
    except FerryError as error:
        connection.send(str(error))
    except (EOFError, OSError):
        return


def _played(cast: Cast) -> StandIn:
    context = BuildContext(cast.recipe, cast.plugins)
    server = context.server(cast.server, XnatServer)
    declared = server.identification_options
    settings = SiteSettings(
        anonymize=bool(server.anonymizes),
        login=cast.login,
        faults=cast.faults,
        declared=declared if isinstance(declared, Identification) else None,
    )
    identifier = context.identifier(cast.server)
    ae_title = server.dicom.ae_title
    return StandIn(identifier, cast.storage, ae_title=ae_title, rest_port=0, settings=settings)
