"""One PACS: whether it lets itself be asked, and whether its images would get here.

A C-MOVE of something that is not there proves nothing: some PACS report success and others the
same failure as for a destination they do not know. So one instance that is there is asked for, and
refused when it comes: that it came is the proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from msgspec.structs import replace

from dicomferry import Check, CheckState, Context, FerryError
from dicomferry.dimse import ContextRefusedError, Peer, discreet, echo
from dicomferry_plugins._pacs.listener import MoveTarget
from dicomferry_plugins._pacs.probes import try_get, try_move
from dicomferry_plugins._pacs.query import (
    IMAGE,
    SERIES,
    STUDY,
    IncompleteAnswerError,
    TooManyAnswersError,
    open_query,
)
from dicomferry_plugins._pacs.server import PacsServer

_MOST: Final = 200
"""Answers after which it is clear that a PACS answers."""

_UNKNOWN_DESTINATION: Final = 0xA801
_KEYS: Final = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


class PacsExaminer:
    """Looks at one PACS; nothing on it is changed."""

    def __init__(self, name: str, server: PacsServer, context: Context) -> None:
        self._name = name
        self._server = server
        self._context = context

    def checks(self) -> Iterator[Check]:
        """Yield what was found; whatever the PACS does, nothing is raised."""
        try:
            peer = self._context.peer(self._server)
            echo(peer)
        except FerryError as error:
            yield self._check("C-ECHO", CheckState.FAILED, error.message, error.hint)
            return
        message = f"{peer} answers {peer.calling_ae_title}"
        yield self._check("C-ECHO", CheckState.OK, message)
        yield self._find(peer)
        yield from self._retrieve(peer)

    def _find(self, peer: Peer) -> Check:
        calling = peer.calling_ae_title
        try:
            with open_query(peer) as query:
                found = len(query.find(STUDY, {"StudyDate": _recently()}, _MOST))
        except TooManyAnswersError:
            found = _MOST
        except ContextRefusedError:
            return self._check(
                "C-FIND", CheckState.FAILED, f"{peer} takes no queries (Study Root) of {calling}",
                f"its administrator must allow {calling} to query",
            )  # fmt: skip
        except IncompleteAnswerError as error:
            return self._check(
                "C-FIND", CheckState.FAILED, error.message,
                f"may {calling} query there? its log says why it refused",
            )  # fmt: skip
        except FerryError as error:
            return self._check("C-FIND", CheckState.FAILED, error.message, error.hint)
        told = f"{found} or more" if found == _MOST else str(found)
        message = f"{peer} answers queries (studies of yesterday and today: {told})"
        return self._check("C-FIND", CheckState.OK, message)

    def _retrieve(self, peer: Peer) -> Iterator[Check]:
        wanted, movable = self._server.retrieve, bool(self._server.move_ae_title)
        if wanted != "c-move":
            yield self._get(peer, instead=wanted == "auto" and movable)
        if wanted == "c-move" or (wanted == "auto" and movable):
            yield self._move(peer)

    def _get(self, peer: Peer, *, instead: bool) -> Check:
        try:
            try_get(peer)
        except ContextRefusedError:
            if instead:
                return self._check(
                    "C-GET", CheckState.NOTE, f"{peer} does no C-GET: C-MOVE is used"
                )
            return self._check(
                "C-GET", CheckState.FAILED, f"{peer} does no C-GET for {peer.calling_ae_title}",
                "have it allowed, or say retrieve: c-move, with move_ae_title as the PACS knows us",
            )  # fmt: skip
        except FerryError as error:
            return self._check("C-GET", CheckState.FAILED, error.message, error.hint)
        return self._check("C-GET", CheckState.OK, f"{peer} takes requests for images")

    def _move(self, peer: Peer) -> Check:
        target = MoveTarget(self._server.move_ae_title, self._server.move_port)
        try:
            instance = _an_instance(peer)
            if not instance:
                return self._check(
                    "C-MOVE", CheckState.UNKNOWN, f"{peer} names no image to try it with",
                    "send it one, and ask again",
                )  # fmt: skip
            came, ended = try_move(peer, target, instance)
        except FerryError as error:
            return self._check("C-MOVE", CheckState.FAILED, error.message, error.hint)
        where = f"{target.ae_title} at port {target.port} of this machine"
        if came:
            message = f"{peer} sends to {where} (one image, refused)"
            return self._check("C-MOVE", CheckState.OK, message)
        if ended.status == _UNKNOWN_DESTINATION:
            return self._check(
                "C-MOVE", CheckState.FAILED,
                f"{peer} does not know the destination {target.ae_title}",
                f"its administrator must register {where}, spelt exactly so",
            )  # fmt: skip
        said = replace(ended, comment=discreet(ended.comment, instance.get))
        return self._check(
            "C-MOVE", CheckState.FAILED, f"{peer} sent nothing to {target.ae_title}: {said}",
            f"is {where} registered there with this machine's address, and does a firewall let"
            " the PACS through to it?",
        )  # fmt: skip

    def _check(self, what: str, state: CheckState, message: str, hint: str = "") -> Check:
        return Check(self._name, what, state, message, hint)


def _an_instance(peer: Peer) -> dict[str, str]:
    """Return what a PACS tells of some instance, of the last days if it has one; else nothing."""
    for days in (_recently(), f"-{_today():%Y%m%d}"):
        found: dict[str, str] = {}
        asked = {"StudyDate": days}
        for level in (STUDY, SERIES, IMAGE):
            with open_query(peer) as query:
                answer = query.first(level, asked)
            if not answer.get(level.unique_key):
                break
            found |= answer
            asked = {key: found[key] for key in _KEYS if key in found}
        else:
            return found
    return {}


def _recently() -> str:
    return f"{_today() - timedelta(days=1):%Y%m%d}-{_today():%Y%m%d}"


def _today() -> date:
    return date.today()  # noqa: DTZ011  the calendar on the wall, as the PACS's
