"""The errors that a user can cause: each says where, what, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dicomferry.model import Problem


class FerryError(Exception):
    """An error that the user can correct; the command line shows `message` and `hint`.

    `exit_code` is the command line's: 2 when nothing was done yet, 1 when some of the work was
    done.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class ProblemsError(FerryError):
    """All faults of a recipe or another input, sorted by place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class StoppedError(BaseException):
    """The user stopped the work before it had an effect.

    A signal handler raises it anywhere. It is no `FerryError`, as `KeyboardInterrupt` is no
    `Exception`: the handling of a bad file must not take it for the fault of that file.
    """

    exit_code: ClassVar[int] = 1


class OverLimitError(BaseException):
    """One piece of work takes more of the processor than it may.

    The watch raises it anywhere. It is no `Exception`: code that handles a bad file must not take
    it for the fault that it looks for.
    """

    exit_code: ClassVar[int] = 2


class TemplateError(FerryError):
    """A template or condition that fails for this instance, for example for a missing name."""


class MissingValueError(TemplateError):
    """A template that needs a value which this instance does not have."""


class EditError(FerryError):
    """An edit that this instance cannot hold: text without encoding, or a value out of range."""


class NotDicomError(FerryError):
    """These bytes are not a DICOM instance."""


class DicomDirError(NotDicomError):
    """A DICOMDIR: a directory of instances, not an instance (PS3.10 section 8)."""


class UnopenedError(NotDicomError):
    """A container that was not opened: an instance may be in it."""


class DamagedError(FerryError):
    """A DICOM instance that is cut short, or contradicts its own header."""


class UnreadableError(FerryError):
    """Bytes that could not be read at this moment: it says nothing about the bytes themselves."""


class NoAnswerError(FerryError):
    """A disk did not answer, or the process that read it has died; `at` is the path, if known."""

    def __init__(self, message: str, hint: str = "", at: bytes = b"") -> None:
        super().__init__(message, hint)
        self.at = at


class LedgerError(FerryError):
    """The ledger is unwritable, damaged, of an unknown version, or in use by another run."""
