"""Questions to a PACS for one row after another: a row without an answer does not end the list."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, TypeVar

from msgspec import Struct

from dicomferry import FerryError
from dicomferry.dimse import AssociationLostError, AssociationRejectedError, UnreachableError
from dicomferry_plugins._pacs.query import Finder, IncompleteAnswerError, TooManyAnswersError
from dicomferry_plugins._pacs.standing import ATTEMPTS, StandingQuery

T = TypeVar("T")

_LOST = (AssociationLostError, AssociationRejectedError, UnreachableError)
_UNTRUSTED = (IncompleteAnswerError, TooManyAnswersError)
_MOST_LOST = 3
"""So many rows in a row without an answer are a PACS that is in trouble."""


class RowError(FerryError):
    """A row that has no answer to rely on; `code` is that of the rule that rejects it."""

    def __init__(self, code: Literal["unanswered", "untrusted-answer"], message: str) -> None:
        self.code = code
        super().__init__(message)


class RowAsker(Struct):
    """Asks a PACS for the rows of a list, and knows when it has gone altogether.

    `_lost` counts the rows in a row that had no answer, `_spent` the seconds they took, and `_gone`
    says why nothing more is asked.
    """

    asking: StandingQuery
    _answered: bool = False
    _lost: int = 0
    _spent: float = 0.0
    _gone: str = ""

    def ask(self, question: Callable[[Finder], T]) -> T:
        """Return the answer for a row; raises `RowError` where there is none to rely on.

        A PACS that hangs up on several rows in a row is asked once for each that follows. One that
        cannot be reached, or is silent, for several rows is asked for no other. Raises
        `FerryError` where it cannot be asked from the first row on.
        """
        if self._gone:
            raise RowError("unanswered", self._gone)
        begun = time.monotonic()
        try:
            answer = self.asking.ask(question, ATTEMPTS if self._lost < _MOST_LOST else 1)
        except _UNTRUSTED as error:
            self._heard()
            raise RowError("untrusted-answer", error.message) from None
        except _LOST as error:
            self._spent += time.monotonic() - begun
            raise self._missed(error) from None
        self._heard()
        return answer

    def _heard(self) -> None:
        self._answered, self._lost, self._spent = True, 0, 0.0

    def _missed(self, error: FerryError) -> FerryError:
        away = not isinstance(error, AssociationLostError)
        if away and not self._answered:
            return error
        self._answered = True
        self._lost += 1
        silent = self._spent > _MOST_LOST * self.asking.peer.timeouts.response
        if self._lost >= _MOST_LOST and (away or silent):
            self._gone = f"not asked: {error.message}, at {self._lost} rows before it"
        return RowError("unanswered", error.message)
