"""The errors a user can cause: each says where, what, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dicomferry.model import Problem


class FerryError(Exception):
    """Something the user can mend: shown as `message` and `hint`, never as a traceback.

    `exit_code` is what the command line ends with: 2 where the user can mend it before anything
    happened, 1 where work was done and something of it failed.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class ProblemsError(FerryError):
    """Every fault of a recipe or another input at once, sorted by place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class StoppedError(FerryError):
    """The user stopped what was going on before it had an effect."""

    exit_code = 1


class TemplateError(FerryError):
    """A template or a condition that this instance cannot answer: a name is missing, say."""


class EditError(FerryError):
    """An edit that cannot be written into this instance: unencodable text, a value out of range."""


class NotDicomError(FerryError):
    """These bytes are not a DICOM instance."""


class DicomDirError(NotDicomError):
    """A DICOMDIR: a directory of instances, not an instance (PS3.10 section 8)."""


class DamagedError(FerryError):
    """These bytes were a DICOM instance once: cut short, or inconsistent with their own header."""


class LedgerError(FerryError):
    """The ledger cannot be used: unwritable, damaged, of another version, or held by a run."""
