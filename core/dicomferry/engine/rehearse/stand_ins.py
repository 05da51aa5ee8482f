"""Start a stand-in on loopback for every XNAT of a recipe, and point the recipe at them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dicomferry.contract.stand_in import Faults, StandIn, StandInOrder
from dicomferry.contract.tree import Tree
from dicomferry.dicom.quiet import quietly
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.site_scripts import changed_by_site
from dicomferry.engine.workers.processes import (
    leave_signals_to_the_main_process,
    process_context,
    signals_held,
)
from dicomferry.errors import FerryError
from dicomferry.host import Plugins
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.servers import XNAT, XnatRest, XnatServer

_QUIET = 1.0
"""Seconds after which the stand-in of a paced XNAT builds a session: the pace waits for that."""

_PATIENCE = 60.0
"""Seconds in which a stand-in must answer."""


class StandIns(Struct, frozen=True):
    """A recipe whose XNATs are stand-ins, and their processes by the name of the server."""

    recipe: Recipe
    processes: dict[str, StandInProcess]


class StandInProcess:
    """A stand-in in a process of its own, so that workers fork without its sockets and threads.

    `login` is the `user:password` of its REST side; every rehearsal makes a new one.
    """

    def __init__(self, connection: Connection, port: int, url: str, login: str) -> None:
        self._connection = connection
        self.port = port
        self.url = url
        self.login = login

    def build(self) -> Tree:
        """Have the stand-in build its sessions as after XNAT's quiet time; return what it holds."""
        self._connection.send("build")
        if not self._connection.poll(_PATIENCE):
            raise FerryError("the stand-in XNAT does not answer")
        tree: Tree = self._connection.recv()
        return tree


@contextmanager
def open_stand_ins(
    recipe: Recipe, plugins: Plugins, storage: Path | None, faults: Faults | None = None
) -> Iterator[StandIns]:
    """Start a stand-in for every XNAT server of a recipe and point the recipe at them.

    Each stand-in keeps what it receives in a folder below `storage`; without `storage` it keeps
    counts alone. `faults` are what the stand-ins do wrong on purpose.
    """
    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(
                _started(
                    recipe, name, plugins, storage / name if storage else None, faults or Faults()
                )
            )
            for name, server in recipe.servers.items()
            if isinstance(server, XnatServer)
        }
        servers = {
            name: _pointed(server, processes[name]) if isinstance(server, XnatServer) else server
            for name, server in recipe.servers.items()
        }
        yield StandIns(replace(recipe, servers=servers), processes)


def _pointed(server: XnatServer, process: StandInProcess) -> XnatServer:
    dicom = msgspec.structs.replace(server.dicom, host="127.0.0.1", port=process.port, tls=None)
    rest = XnatRest(url=process.url, login=process.login)
    return msgspec.structs.replace(server, dicom=dicom, rest=rest)


@contextmanager
def _started(
    recipe: Recipe, name: str, plugins: Plugins, storage: Path | None, faults: Faults
) -> Iterator[StandInProcess]:
    plugins.stand_in_for(XNAT.name)  # raises here, with its hint, where there is none
    context = process_context()
    here, there = context.Pipe()
    login = f"rehearsal:{secrets.token_hex(16)}"
    spec = StandInSpec(recipe, name, plugins, storage, login, faults)
    process = context.Process(target=_serve, args=(spec, there, here), daemon=True)
    with signals_held():
        process.start()
    there.close()
    try:
        if not here.poll(_PATIENCE):
            raise FerryError("the stand-in XNAT did not start")
        answer: tuple[int, str] | str = here.recv()
        if isinstance(answer, str):
            raise FerryError(answer)
        yield StandInProcess(here, *answer, login)
    finally:
        here.close()
        process.join(5)
        process.kill()
        process.join()


class StandInSpec(Struct, frozen=True):
    """What a process builds its stand-in from; `server` is the XNAT that it stands in for."""

    recipe: Recipe
    server: str
    plugins: Plugins
    storage: Path | None
    login: str
    faults: Faults


def _serve(spec: StandInSpec, connection: Connection, other_end: Connection) -> None:
    leave_signals_to_the_main_process()
    other_end.close()
    try:
        with quietly(), _stand_in(spec) as stand_in:
            connection.send((stand_in.port, stand_in.url))
            while connection.recv() == "build":
                stand_in.build()
                connection.send(stand_in.tree())
    except FerryError as error:
        connection.send(str(error))
    except (EOFError, OSError):
        return


def _stand_in(spec: StandInSpec) -> AbstractContextManager[StandIn]:
    context = BuildContext(spec.recipe, spec.plugins)
    server = context.server(spec.server, XnatServer)
    scripts = server.scripts
    order = StandInOrder(
        context.identifier(spec.server),
        server.identification_options,
        spec.storage,
        server.dicom.ae_title,
        anonymize=bool(changed_by_site(server)),
        site_script=scripts.site if scripts else None,
        project_scripts=scripts.projects if scripts else {},
        login=spec.login,
        faults=spec.faults,
        quiet_period=_QUIET if server.pace else None,
    )
    return spec.plugins.stand_in_for(XNAT.name).open(order)
