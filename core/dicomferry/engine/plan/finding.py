"""Ask a source what there is, and name the source where its code breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NoReturn

from dicomferry.contract.source import Look, ReadsDisk
from dicomferry.engine.pipeline.steps import SourceStep
from dicomferry.engine.workers.apart import apart_going_on
from dicomferry.errors import FerryError, NoAnswerError, OverLimitError
from dicomferry.log import log_bug
from dicomferry.model import (
    Finding,
    LocalFile,
    NotLookedInto,
    Refused,
    RemoteInstance,
    Unusable,
)

_FINDINGS = (LocalFile, RemoteInstance, Refused, Unusable, NotLookedInto)


def findings_of(source: SourceStep) -> Iterator[Finding]:
    """Yield what a source finds. A source that reads a disk does so in a process of its own.

    Raises `FerryError` where a pattern takes too long, where a disk does not answer, and where the
    source's plug-in raises what no source may raise, or finds what is no finding.
    """
    reads = source.source
    if not isinstance(reads, ReadsDisk):
        yield from _checked(source, reads.discover)
        return
    try:
        yield from apart_going_on(partial(_read, source, reads))
    except NoAnswerError as error:
        raise NoAnswerError(f"{source.path}: {error.message}", hint=error.hint) from None


def _read(source: SourceStep, reads: ReadsDisk, look: Look) -> Iterator[Finding]:
    return _checked(source, partial(reads.discover_on, look))


def _checked(source: SourceStep, discover: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    last: Finding | None = None
    try:
        for found in discover():
            last = found if isinstance(found, _FINDINGS) else _refuse(found)
            yield last
    except OverLimitError as error:
        raise FerryError(
            f"{source.path}: what it finds{_behind(last)}: {error}",
            hint="does a pattern of it, such as parts, backtrack? (a+)+ does",
        ) from None
    except (FerryError, OSError, MemoryError):
        raise
    except Exception as error:
        log_bug(error, f"{source.path} raised")
        raise FerryError(
            f"{source.path} raised {type(error).__name__}{_behind(last)}; see the log",
            hint="tell the author of the plug-in; nothing was sent",
        ) from error


def _refuse(found: object) -> NoReturn:
    raise TypeError(f"{type(found).__name__} is no finding")


def _behind(last: Finding | None) -> str:
    return f" behind {last.location}" if last else ""
