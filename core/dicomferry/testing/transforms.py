"""The contract of transforms."""

from __future__ import annotations

from collections.abc import Iterable

from dicomferry.contract.transform import Catalog, Preparing, Transform
from dicomferry.dicom.edits import Edits
from dicomferry.dicom.header import Header
from dicomferry.errors import EditError
from dicomferry.model import Excluded, Rejected
from dicomferry.testing.contract import ContractError, content, require

_Answer = Edits | Excluded | Rejected


def check_transform(
    transform: Transform, headers: Iterable[Header], catalog: Catalog | None = None
) -> list[_Answer]:
    """Raise `ContractError` unless a transform keeps its contract; return its answers.

    A transform returns edits, or a reason why an instance is excluded or rejected. The same
    instance always gets the same answer, after any other instances. No header changes. The edits
    can be made. A transform that prepares gets the `catalog` first.
    """
    given = list(headers)
    require(bool(given), "a contract cannot be checked without a header")
    if isinstance(transform, Preparing):
        if catalog is None:
            raise ContractError("it prepares: give the catalog that it is to see")
        transform.prepare(catalog)
    before = [content(header) for header in given]
    answers = [_answer(transform, header) for header in given]
    again = [_answer(transform, header) for header in reversed(given)]
    for header, answer, second in zip(given, answers, reversed(again), strict=True):
        require(answer == second, f"{header!r} has two answers: {answer!r} and {second!r}")
    require([content(header) for header in given] == before, "it changes the header it is given")
    return answers


def _answer(transform: Transform, header: Header) -> _Answer:
    answer = transform.edit(header)
    require(
        isinstance(answer, Edits | Excluded | Rejected),
        f"edit() returned {answer!r}: return Edits, Excluded or Rejected",
    )
    if isinstance(answer, Edits):
        try:
            header.edited(answer)
        except EditError as error:
            raise ContractError(f"its edits cannot be made: {error.message}") from error
    else:
        require(bool(answer.reason), f"{type(answer).__name__} without a reason")
    return answer
