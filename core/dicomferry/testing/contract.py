"""The error of a broken contract, and checks that several contracts share."""

from __future__ import annotations

from collections.abc import Iterable

from dicomferry.dicom.header import Header


class ContractError(AssertionError):
    """A stage, identifier or executor breaks a promise; the message says which."""


def require(kept: bool, broken: str) -> None:
    """Raise `ContractError` with the text `broken` unless the promise is kept."""
    if not kept:
        raise ContractError(broken)


def require_texts(stage: object, names: Iterable[str]) -> None:
    """Raise `ContractError` unless a stage has a text under each name."""
    for name in names:
        found = getattr(stage, name, None)
        require(isinstance(found, str), f"{_kind(stage)}.{name} is {found!r}, not a text")


def content(header: Header) -> tuple[tuple[int, str | None, bytes | None], ...]:
    """Return tags, VRs and values of a header, to compare it later."""
    return tuple((tag, header.vr(tag), header.raw(tag)) for tag in header.tags())


def _kind(stage: object) -> str:
    return type(stage).__name__
