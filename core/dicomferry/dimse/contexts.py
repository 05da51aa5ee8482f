"""The presentation contexts that an association proposes for its instances."""

from __future__ import annotations

import re
from collections.abc import Iterable

Syntaxes = tuple[str, str]
"""An abstract syntax (SOP class) UID and a transfer syntax UID."""

MOST_CONTEXTS = 128
"""Contexts of one association: their IDs are the odd numbers of one byte (PS3.8 9.3.2.2)."""

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


def plan_contexts(pairs: Iterable[Syntaxes]) -> tuple[tuple[Syntaxes, ...], ...]:
    """Return `pairs` in their order, without duplicates, in one group per association.

    Each pair has its own context: an accepted one takes a file in the file's own transfer syntax,
    since nothing is transcoded. Pairs that fail `can_propose` are left out.
    """
    planned = [pair for pair in dict.fromkeys(pairs) if can_propose(pair)]
    starts = range(0, len(planned), MOST_CONTEXTS)
    return tuple(tuple(planned[start : start + MOST_CONTEXTS]) for start in starts)


def can_propose(pair: Syntaxes) -> bool:
    """Say whether both have the form of a UID; a peer may refuse all contexts for one bad UID.

    Leading zeros in a component are allowed: PS3.5 9.1 forbids them, but old private SOP classes
    have them.
    """
    return all(len(uid) <= 64 and _UID.fullmatch(uid) for uid in pair)


def context_id(position: int) -> int:
    """Return the ID of the context at `position` (from 0) of a group: 1, 3, 5, …"""
    return 2 * position + 1
