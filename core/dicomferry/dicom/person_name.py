"""Person names (VR PN) as people write them: whether two of them may be one person's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Final

Words = tuple[str, ...]
"""The words of one group of a name (PS3.5 6.2.1.1) in plain capitals."""

_LOST: Final = "?"
"""A letter that could not be read or written in some character set."""
_PLAIN: Final = str.maketrans({"Ø": "O", "Æ": "A", "Œ": "O", "Ł": "L", "Đ": "D", "Þ": "TH"})
_TRANSCRIBED: Final = re.compile("(?<=[AOU])E|(?<=A)A")
"""How umlauts and the like are written without marks: `MUELLER`, `HAAKON`."""
_NEWBORNS: Final = frozenset((
    "BABY", "BABYBOY", "BABYGIRL", "BB", "BEBE", "BG", "BOY", "DAUGHTER", "FEMALE", "FETUS",
    "FOETUS", "GIRL", "INFANT", "MALE", "NEONATE", "NEONATO", "NEUGEBORENES", "NEWBORN", "SON",
    "TWIN",
))  # fmt: skip
"""Words that stand for a given name before there is one."""
_MISSPELLED: Final = 0.6
"""The ratio of `SequenceMatcher` from which a given name is taken for a mended one."""


def words_of(group: str) -> Words:
    """Return the words of a group of a name without marks, punctuation and transcription."""
    lost = re.sub("[?\ufffd]+", _LOST, group)
    plain = unicodedata.normalize("NFKD", lost).upper().translate(_PLAIN)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    words = re.split(r"[^\w?]+|_+", plain)
    return tuple(_TRANSCRIBED.sub("", word) for word in words if word.strip(_LOST))


def names_agree(some: Sequence[Words], others: Sequence[Words], *, same_birth: bool) -> bool:
    """Say whether two names may be one person's; each is given by its groups.

    Groups of one script alone contradict each other. With one birth date, a name may be one that
    was corrected, or changed by marriage.
    """
    compared = [(a, b) for a in some for b in others if _script(a) == _script(b)]
    if not compared:
        return True
    return any(_agree(a, b) or (same_birth and _changed(a, b)) for a, b in compared)


def _changed(one: Words, other: Words) -> bool:
    """Say whether a name may be the other one before or after a change.

    Any word in common is enough, unless that is the family name, which stands first: twins have
    one, too. Their given names are unlike; misspelled ones and those of newborns are not.
    """
    family = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    )
    rests = one[family:], other[family:]
    if set(rests[0]) & set(rests[1]):
        return True
    if not family:
        return False
    newborn = [any(word.rstrip("0123456789") in _NEWBORNS for word in rest) for rest in rests]
    if any(newborn):
        return not all(newborn)
    return any(_misspelled(a, b) for a in rests[0] for b in rests[1])


def _misspelled(one: str, other: str) -> bool:
    """Say whether a given name may be the other one with a slip; numbers have none."""
    return not any(map(str.isdigit, one + other)) and (
        SequenceMatcher(None, one, other).ratio() >= _MISSPELLED
    )


def _agree(one: Words, other: Words) -> bool:
    """Say whether all words of the shorter group are words or initials of the longer one."""
    if "".join(one) == "".join(other):
        return True
    short, long = sorted((one, other), key=len)
    left = list(long)
    whole = False
    for word in sorted(short, key=len, reverse=True):
        match = next((at for at, of in enumerate(left) if _alike(word, of)), None)
        if match is None:
            return False
        whole |= min(len(word), len(left.pop(match))) > 1
    return whole


def _alike(one: str, other: str) -> bool:
    """Say whether a word is another, its initial, or what is left of it."""
    if one == other:
        return True
    if _LOST in one or _LOST in other:
        return _matches(one, other) or _matches(other, one)
    return one[0] == other[0] and 1 in (len(one), len(other))


def _matches(damaged: str, whole: str) -> bool:
    parts = map(re.escape, damaged.split(_LOST))
    return re.fullmatch(".{0,3}".join(parts), whole) is not None


def _script(words: Words) -> str:
    """Return the script of a group by its first letter: `LATIN`, `CJK`, `HANGUL`."""
    first = next((char for char in "".join(words) if char.isalpha()), "")
    return unicodedata.name(first, "").partition(" ")[0].partition("-")[0] if first else "LATIN"
