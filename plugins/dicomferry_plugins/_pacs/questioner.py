"""Questions to a PACS, one after another: one without an answer does not end the others."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Literal, TypeVar

from msgspec import Struct

from dicomferry import FerryError
from dicomferry.dimse import AssociationLostError, AssociationRejectedError, UnreachableError
from dicomferry_plugins._pacs.query import Finder, IncompleteAnswerError, TooManyAnswersError
from dicomferry_plugins._pacs.standing import ATTEMPTS, StandingQuery

T = TypeVar("T")

_LOST = (AssociationLostError, AssociationRejectedError, UnreachableError)
_UNTRUSTED = (IncompleteAnswerError, TooManyAnswersError)
_MOST_LOST = 3
"""So many questions in a row without an answer are a PACS that is in trouble."""

_AGAIN: Final = "ask again later; where it is always the same question, see the log of the PACS"
_LOOK: Final = "see the log of the PACS, or ask who runs it"


class QuestionError(FerryError):
    """A question that has no answer to rely on; `code` is that of the rule that rejects it."""

    def __init__(
        self, code: Literal["unanswered", "untrusted-answer"], message: str, hint: str
    ) -> None:
        self.code = code
        otherwise = _AGAIN if code == "unanswered" else _LOOK
        super().__init__(message, hint=hint or otherwise)

    @property
    def reason(self) -> str:
        """Why there is no answer and what to do, in one line."""
        return f"{self.message} (hint: {self.hint})"


class Questioner(Struct):
    """Asks a PACS one question after another, and knows when it has gone altogether.

    `_lost` counts the questions in a row that had no answer, `_spent` the seconds they took, and
    `_gone` says why nothing more is asked.
    """

    asking: StandingQuery
    _answered: bool = False
    _lost: int = 0
    _spent: float = 0.0
    _gone: str = ""

    def ask(self, question: Callable[[Finder], T]) -> T:
        """Return the answer to a question; raises `QuestionError` where none can be relied on.

        A PACS that hangs up on several questions in a row is asked once for each that follows. One
        that cannot be reached, or is silent, for several is asked nothing more. Raises `FerryError`
        where it cannot be asked from the first question on.
        """
        if self._gone:
            raise QuestionError("unanswered", self._gone, "")
        begun = time.monotonic()
        try:
            answer = self.asking.ask(question, ATTEMPTS if self._lost < _MOST_LOST else 1)
        except _UNTRUSTED as error:
            self._heard()
            raise QuestionError("untrusted-answer", error.message, error.hint) from None
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
            before = f"at {self._lost} questions before it"
            self._gone = f"not asked: {error.message}, {before}"
        return QuestionError("unanswered", error.message, error.hint)
