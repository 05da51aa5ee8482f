"""Every code a plan can warn of: how much it matters, why XNAT minds, what to do.

* A *kind* is what all problems of one code have in common (`kind.py`).
* The tables: labels (`naming.py`), sessions, patients and scans (`filing.py`), what sources
  find (`finding.py`), and what is around a plan (`surroundings.py`).
* `problem` makes one of a kind; `instances`, `have` and `several` are words for its message.

`docs/problems.md` has a section for each code, and a test that it does.
"""

from __future__ import annotations

from dicomferry.engine.plan.problems.kinds.filing import FILING
from dicomferry.engine.plan.problems.kinds.finding import FINDING
from dicomferry.engine.plan.problems.kinds.kind import Kind
from dicomferry.engine.plan.problems.kinds.naming import NAMING
from dicomferry.engine.plan.problems.kinds.surroundings import SURROUNDINGS
from dicomferry.model import Problem

_TABLES = (NAMING, FILING, FINDING, SURROUNDINGS)


def known_codes() -> frozenset[str]:
    """Return every code a plan can carry, but for those of plug-ins."""
    return frozenset().union(*_TABLES)


def problem(code: str, message: str) -> Problem:
    """Return a problem of a known kind; `message` says in a line what was found where."""
    kind = _kind(code)
    return Problem(code, message, kind.severity, hint=kind.hint, why=kind.why)


def _kind(code: str) -> Kind:
    return next(table[code] for table in _TABLES if code in table)


def instances(count: int) -> str:
    """Return a number of instances in words."""
    return f"{count:,} instance" if count == 1 else f"{count:,} instances"


def have(count: int) -> str:
    """Return a number of instances with its verb, as in `1 instance has`."""
    return f"{instances(count)} {'has' if count == 1 else 'have'}"


def several(found: list[str], limit: int = 3) -> str:
    """Return the first few of `found`, and how many more there are."""
    more = len(found) - limit
    return ", ".join(found[:limit]) + (f" and {more:,} more" if more > 0 else "")
