"""Errors of Python's archive modules, told in the words of a user."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from dicomferry.dicom.passing import is_of_the_machine
from dicomferry.errors import DamagedError, FerryError, UnreadableError

# The modules themselves need not be loaded: an error is theirs only if they are.
_OWN: Final = (
    ("lzma", "LZMAError"),
    ("zipfile", "BadZipFile"),
    ("tarfile", "TarError"),
    ("zlib", "error"),
    ("backports.zstd", "ZstdError"),
    ("compression.zstd", "ZstdError"),
)


def broken_errors() -> tuple[type[BaseException], ...]:
    """Return what broken containers raise, by the modules that are loaded.

    An `except` clause asks for it when something was raised. By then the module is loaded.
    """
    own = (getattr(sys.modules.get(module), error, None) for module, error in _OWN)
    others = (DamagedError, EOFError, OSError, NotImplementedError, ValueError, RuntimeError)
    return (*(kind for kind in own if kind is not None), *others)


def trouble_behind(error: BaseException) -> OSError | None:
    """Return the error of the machine that made a module call an archive broken; None without one.

    The module `zipfile` raises `BadZipFile` where the end of a file could not be read.
    """
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, OSError) and is_of_the_machine(behind):
            return behind
        behind = behind.__context__
    return None


@contextmanager
def named_errors(name: str) -> Iterator[None]:
    """Raise `FerryError` for a file that cannot be read, `DamagedError` for a broken one."""
    try:
        yield
    except FerryError:
        raise
    except FileNotFoundError as error:
        raise FerryError(f"{name}: there is no such file") from error
    except MemoryError as error:
        raise UnreadableError(f"{name}: there is not enough memory to unpack it") from error
    except broken_errors() as error:
        if trouble := trouble_behind(error):
            raise UnreadableError(f"{name}: cannot be read: {trouble.strerror}") from error
        raise DamagedError(f"{name}: the archive is damaged: {_what(error)}") from error


def _what(error: BaseException) -> str:
    """Return what a module says of a broken container; how it is called where it says nothing."""
    return str(error) or type(error).__name__
