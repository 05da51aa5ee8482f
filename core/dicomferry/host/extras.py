"""The extras of a distribution: packages that only some of its plug-ins need.

An entry point names the extras it needs behind its module, as in `review = "module [review]"`
(Entry points specification of the Python Packaging User Guide). Metadata say whether the packages
are installed, so that nothing must be imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution
from typing import Final

_REQUIREMENT: Final = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)[^;]*;(.*)")
_EXTRA: Final = re.compile(r"""\bextra\s*==\s*["']([^"']+)["']""")


def missing_extras(point: EntryPoint) -> tuple[str, ...]:
    """Return the extras of an entry point that lack an installed package."""
    if point.dist is None:
        return ()
    known = point.dist
    return tuple(extra for extra in point.extras if any(_missing(known, extra)))


def install_command(point: EntryPoint, extras: tuple[str, ...]) -> str:
    """Return the command that installs extras of an entry point's distribution."""
    name = point.dist.name if point.dist else point.name
    return f"pip install '{name}[{','.join(extras)}]'"


def _missing(known: Distribution, extra: str) -> Iterator[bool]:
    for requirement in known.requires or ():
        found = _REQUIREMENT.fullmatch(requirement)
        if found and _normal(extra) in map(_normal, _EXTRA.findall(found[2])):
            yield not _installed(found[1])


def _installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _normal(extra: str) -> str:
    # PEP 685: `Big_Data` and `big-data` are the same extra
    return re.sub(r"[-_.]+", "-", extra).lower()
