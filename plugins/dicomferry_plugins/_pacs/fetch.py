"""Instances of a PACS, fetched by C-GET or C-MOVE (PS3.4 C.4.2, C.4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from dicomferry import RemoteInstance
from dicomferry.contract import Fetched, FetchOrder, Inbox, Manners
from dicomferry.dimse import ContextRefusedError, Peer
from dicomferry_plugins._pacs.asking import Asker, OpenWay
from dicomferry_plugins._pacs.classes import likely_classes
from dicomferry_plugins._pacs.get import open_get
from dicomferry_plugins._pacs.intake import Door, receiving
from dicomferry_plugins._pacs.listener import MoveTarget, listening
from dicomferry_plugins._pacs.move import open_move
from dicomferry_plugins._pacs.proposals import Wanted, proposals

C_GET: Final = "c-get"
C_MOVE: Final = "c-move"


class DimseFetcher(Struct, frozen=True):
    """Fetches from one PACS; implements `Fetcher`.

    `manners.way` is `C_GET`, or `C_MOVE` to `target`. Where there is a target and C-GET is refused,
    C-MOVE is used from then on.
    """

    peer: Peer
    manners: Manners
    target: MoveTarget | None = None

    def fetch(self, order: FetchOrder, inbox: Inbox) -> Fetched:
        """Ask for a study by series, by series again, then one by one.

        Raises `FerryError` where the port of the target is taken, or a certificate is missing.
        """
        with receiving(inbox.folder) as door, self._ways(order, door) as open_ways:
            asker = Asker(open_ways)
            try:
                asker.ask(order, inbox)
            except ContextRefusedError as error:
                moves = order.way != C_MOVE and self.target is not None
                why = f"{error.message} (hint: {error.hint})" if error.hint else error.message
                return Fetched(why, manners=moving(self.manners) if moves else None)
        if asker.crowded and order.lanes > 1:
            fewer = replace(self.manners, lanes=order.lanes // 2, way=order.way)
            return Fetched(asker.why, manners=fewer)
        return Fetched(asker.why, asker.silent)

    @contextmanager
    def _ways(self, order: FetchOrder, door: Door) -> Iterator[Sequence[OpenWay]]:
        target = self.target
        if order.way != C_MOVE or target is None:
            yield [
                partial(open_get, self.peer, storage, door)
                for storage in proposals(_wanted(order.instances))
            ]
            return
        with listening(target, door):
            yield [lambda: open_move(self.peer, target, door)]


def moving(manners: Manners) -> Manners:
    """Return the same manners for C-MOVE: one study after another, for there is one port."""
    return replace(manners, lanes=1, way=C_MOVE)


def _wanted(instances: Sequence[RemoteInstance]) -> Wanted:
    told = {one.ref.sop_class_uid: None for one in instances if one.ref.sop_class_uid}
    likely: dict[str, None] = {}
    for one in instances:
        if not one.ref.sop_class_uid:
            likely |= dict.fromkeys(likely_classes(one.attributes.get("Modality", "")))
    return Wanted(tuple(told), tuple(likely))
