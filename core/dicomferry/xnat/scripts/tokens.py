"""The tokens of a script, by the lexer of DicomEdit 6."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

_HEX = "[0-9A-Fa-f]"
_TOKEN: Final = re.compile(
    rf"""
      (?P<blank>   [ \t]+ | //[^\r\n]* )
    | (?P<element> \( {_HEX}{{3}}[02468AaCcEe] [ \t]* , [ \t]* {_HEX}{{4}} \) )
    | (?P<string>  " (?: \\[nrtbf()\\] | \\[0-7]{{3}} | [^\\"\r\n] )* " )
    | (?P<number>  (?: -?0\.[0-9]+ | -?[1-9][0-9]*(?:\.[0-9]+)? | 0 ) (?![0-9A-Za-z_)]) )
    | (?P<word>    [A-Za-z_][A-Za-z0-9_]* )
    | (?P<sign>    := | \?= | != | !~ | [-?:=~] )
    """,
    re.VERBOSE,
)  # fmt: skip
_WILDCARD: Final = frozenset("xX")
"""One letter that stands for a digit of a tag; it cannot be a name."""


class Token(Struct, frozen=True):
    """One token; `kind` is element, string, number, word or sign."""

    kind: str
    text: str


class NotInGrammarError(ValueError):
    """A part of a script is not in the grammar, or not in the part of it that is understood."""


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens of one statement; raises `NotInGrammarError` at what is none."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        kind = match.lastgroup if match else None
        if match is None or kind is None or (kind == "word" and match[0] in _WILDCARD):
            raise NotInGrammarError(text[position:])
        if kind != "blank":
            yield Token(kind, match[0])
        position = match.end()


def lines_of_statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield the statements' texts with the line, from 1, at which each begins.

    A statement ends with its line, except within brackets and braces, in front of `else`, and
    behind a backslash at the end of the line. A line may have several statements.
    """
    first, kept, depth = 0, "", 0
    for number, line in enumerate(text.splitlines(), 1):
        bare = _without_comment(line)
        if kept and depth <= 0 and not kept.endswith("\\") and not _ELSE.match(bare):
            yield first, kept
            kept, depth = "", 0
        if not bare.strip():
            continue
        if kept.endswith("\\"):
            kept = kept[:-1] + bare.strip()
        elif kept:
            kept = f"{kept}\n{bare.strip()}"
        else:
            first, kept = number, bare.strip()
        depth += sum(_DEPTH.get(char, 0) for char in STRING.sub("", bare))
    if kept:
        yield first, kept


_ELSE: Final = re.compile(r"\s*else(?:if)?\b")
STRING: Final = re.compile(r'"(?:\\.|[^\\"])*"')
_COMMENT: Final = re.compile(r'((?:"(?:\\.|[^\\"])*"|[^"/]|/(?!/))*)//.*', re.DOTALL)
_DEPTH: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


def _without_comment(line: str) -> str:
    found = _COMMENT.fullmatch(line)
    return found[1] if found else line
