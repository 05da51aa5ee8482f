"""Public names that are imported when they are first asked for (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


def lazily(
    namespace: str, homes: Mapping[str, Sequence[str]]
) -> tuple[list[str], Callable[[str], object], Callable[[], list[str]]]:
    """Return `__all__`, `__getattr__` and `__dir__` of a namespace of names from other modules.

    `homes` has the names by module below `dicomferry`. Type checkers see none of it: they see an
    `if TYPE_CHECKING` in front, which imports the same names, `as` themselves to export them.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def get(name: str) -> object:
        if name not in home_of:
            raise AttributeError(f"module {namespace!r} has no attribute {name!r}")
        found = getattr(import_module(f"dicomferry.{home_of[name]}"), name)
        setattr(sys.modules[namespace], name, found)
        return found

    names = sorted(home_of)
    return names, get, lambda: names
