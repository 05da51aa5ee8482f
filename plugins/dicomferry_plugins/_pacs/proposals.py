"""The storage contexts that a C-GET proposes: the likeliest first, then all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from dicomferry.dimse import MOST_CONTEXTS
from dicomferry.xnat import accepted_sop_classes
from dicomferry_plugins._pacs.classes import RETIRED

Proposal = tuple[str, str | tuple[str, ...]]
"""A SOP class, and a transfer syntax or several of which the PACS chooses one (PS3.8 9.3.2.2)."""

_SYNTAX: Final = "1.2.840.10008.1.2."
PLAIN: Final = (f"{_SYNTAX}1", "1.2.840.10008.1.2")
"""The two transfer syntaxes that every PACS can send."""

LIKELY: Final = tuple(_SYNTAX + end for end in (
    "4.70", "4.50", "4.90", "4.91", "4.80", "5", "4.57", "4.51", "4.81", "2", "1.99", "4.100",
    "4.102", "4.103", "4.92", "4.93", "4.94", "4.95", "6.1", "6.2",
))  # fmt: skip
"""The other ones that XNAT takes, deflated and MPEG-4, the likeliest first."""

RARE: Final = tuple(_SYNTAX + end for end in (
    "4.201", "4.202", "4.203", "4.101", "4.104", "4.105", "4.106", "4.107", "4.108", "4.52", "4.53",
    "4.54", "4.55", "4.56", "4.58", "4.59", "4.60", "4.61", "4.62", "4.63", "4.64", "4.65", "4.66",
    "4.110", "4.111", "4.112", "4.204", "4.205", "4.100.1", "4.101.1", "4.102.1", "4.103.1",
    "4.104.1", "4.105.1", "4.106.1", "1.98", "8.1", "7.1", "7.2", "7.3",
))  # fmt: skip
"""HTJ2K, MPEG, HEVC, the retired ones of JPEG, JPEG XL and what else PS3.6 A names."""

_ROOM: Final = MOST_CONTEXTS - 4
"""Contexts of one association that are left beside those of the retrieval itself."""


class Wanted(Struct, frozen=True):
    """The SOP classes of what is to come: those the PACS told, and those that are likely."""

    told: tuple[str, ...]
    likely: tuple[str, ...] = ()


def proposals(wanted: Wanted) -> Iterator[list[Proposal]]:
    """Yield what to propose in one association after the other, until all has come.

    A context has one transfer syntax, so that nothing is transcoded. Only a class that nobody told
    of is at the end proposed with several at once.
    """
    known = dict.fromkeys((*wanted.told, *wanted.likely))
    first: list[Proposal] = [(uid, syntax) for syntax in (*PLAIN, *LIKELY) for uid in known]
    first += [(uid, syntax) for syntax in RARE for uid in wanted.told]
    yield from _parted(first)
    if wanted.likely:
        others = [uid for uid in (*sorted(accepted_sop_classes()), *RETIRED) if uid not in known]
        last: list[Proposal] = [(uid, RARE) for uid in wanted.likely]
        last += [(uid, syntax) for syntax in PLAIN for uid in others]
        last += [(uid, (*LIKELY, *RARE)) for uid in others]
        yield from _parted(last)


def _parted(pairs: Sequence[Proposal]) -> Iterator[list[Proposal]]:
    for start in range(0, len(pairs), _ROOM):
        yield list(pairs[start : start + _ROOM])
