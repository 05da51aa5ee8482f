"""Which presentation contexts an association proposes for the data that is to go over it."""

from __future__ import annotations

import re
from collections.abc import Iterable

Syntaxes = tuple[str, str]
"""An abstract syntax (SOP class) UID and a transfer syntax UID."""

MOST_CONTEXTS = 128
"""Context IDs are the odd numbers of one byte (PS3.8 9.3.2.2)."""

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


def plan_contexts(pairs: Iterable[Syntaxes]) -> tuple[tuple[Syntaxes, ...], ...]:
    """Return `pairs` in their order, without doubles, in groups that fit one association each.

    Each pair becomes a context of its own, so that an accepted context is known to take the file
    in the transfer syntax that it has: nothing is ever transcoded. Pairs that no association can
    propose are left out (see `can_propose`).
    """
    planned = [pair for pair in dict.fromkeys(pairs) if can_propose(pair)]
    starts = range(0, len(planned), MOST_CONTEXTS)
    return tuple(tuple(planned[start : start + MOST_CONTEXTS]) for start in starts)


def can_propose(pair: Syntaxes) -> bool:
    """Say whether both are UIDs in form; one that is not would spoil the whole negotiation.

    Leading zeros in a component are let pass, as old private SOP classes have them (PS3.5 9.1
    forbids them).
    """
    return all(len(uid) <= 64 and _UID.fullmatch(uid) for uid in pair)


def context_id(position: int) -> int:
    """Return the ID of the context at `position` (from 0) of a group: 1, 3, 5, …"""
    return 2 * position + 1
