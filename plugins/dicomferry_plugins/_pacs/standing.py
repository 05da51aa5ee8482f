"""Queries that go on over a new association where the PACS ends the one before."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

from msgspec import Struct, field

from dicomferry import FerryError
from dicomferry.dimse import (
    AssociationLostError,
    AssociationRejectedError,
    Peer,
    UnreachableError,
)
from dicomferry_plugins._pacs.query import Query, open_query

T = TypeVar("T")

ATTEMPTS = 3
"""How often a question is asked at most where the PACS hangs up."""

_PAUSE = 1.0


class StandingQuery(Struct):
    """An association for queries that is opened when it is needed, and again when it is lost."""

    peer: Peer
    _query: Query | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> StandingQuery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, question: Callable[[Query], T], attempts: int = ATTEMPTS) -> T:
        """Return the answer to a question; asked again, within bounds, when the PACS hangs up.

        A PACS that is silent for as long as its time limit is asked once more, not oftener.
        """
        begun = time.monotonic()
        for attempt in range(1, attempts + 1):
            try:
                return question(self._open())
            except (AssociationLostError, AssociationRejectedError, UnreachableError) as error:
                self.close()
                silent = time.monotonic() - begun > 1.5 * self.peer.timeouts.response
                if attempt == attempts or silent or not _passes(error):
                    raise
                time.sleep(_PAUSE * attempt)
            except FerryError:
                self.close()
                raise
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """End the association."""
        self._query = None
        self._stack.close()

    def _open(self) -> Query:
        if self._query is None:
            self._query = self._stack.enter_context(open_query(self.peer))
        return self._query


def _passes(error: FerryError) -> bool:
    """Tell whether a later question may be answered: a rejection may be for good."""
    return not isinstance(error, AssociationRejectedError) or error.transient
