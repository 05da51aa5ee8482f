"""Reads scripts: those parts of DicomEdit 6 that set, delete or conditionally set elements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dicomferry.xnat.scripts.statements import (
    Action,
    Assign,
    Conditional,
    Element,
    Name,
    NotUnderstood,
    Remove,
    Script,
    ScriptCondition,
    Statement,
    Text,
    Value,
    Variable,
)
from dicomferry.xnat.scripts.tokens import (
    STRING,
    NotInGrammarError,
    Token,
    lines_of_statements,
    tokens_of,
)

GIVEN: Final = ("project", "subject", "session")
"""The names that XNAT gives values to before it runs a script."""

_VERSION: Final = re.compile(r'^version "6\.[0-7]"$', re.MULTILINE)
"""XNAT asks for such a line before it takes a script for one of DicomEdit 6."""

_VERSION_LINE: Final = re.compile(r'version[ \t]*"6\.[0-7]"')
_KEYWORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "const describe echo else elseif export hidden if immutable removeAllPrivateTags version",
    )
)
_REMARKS: Final = re.compile("describe|export")
_DESCRIBED: Final = ("hidden", "const", "immutable")
_COMPARISONS: Final = {
    "=": (False, False),
    "!=": (False, True),
    "~": (True, False),
    "!~": (True, True),
}
_CHARACTER_SET, _PIXELS = 0x00080005, 0x7FE00000
_ARGUMENTS: Final = re.compile(r"(\w*)\[[^\[\]]*\]")
_TARGET: Final = r"(\([0-9A-Fa-f]{3}[02468AaCcEe][ \t]*,[ \t]*[0-9A-Fa-f]{4}\))(?:/\([^()]*\))*"
_ONE_TARGET: Final = re.compile(
    rf"(?:-[ \t]*{_TARGET}|{_TARGET}[ \t]*[:?]=[ \t]*(?:[-\w.]+|{_TARGET}|''))"
)
"""A deletion or an assignment of one element, or of one below it, without what is in brackets."""

_PURE: Final = frozenset(
    ("", "concatenate", "format", "hashUID", "hashUIDList", "ismatch", "lookup", "lowercase",
     "match", "newUID", "normalizeString", "replace", "shiftDateByIncrement",
     "shiftDateTimeByIncrement", "substring", "uppercase", "urlEncode")
)  # fmt: skip
"""DicomEdit's functions that return a value and change nothing; empty for an item's number."""


def read_script(text: str) -> Script:
    """Read a script. What is not understood is a statement of its own: this never raises."""
    if not text.strip():
        return Script()
    if not _VERSION.search(text.replace("\r\n", "\n").replace("\r", "\n")):
        first = next(iter(text.strip().splitlines()))
        return Script((NotUnderstood(1, f'{first} (it has no line such as version "6.1")'),))
    return Script(tuple(_statements(text)))


def _statements(text: str) -> Iterator[Statement]:
    named = set(GIVEN)
    for line, source in lines_of_statements(text):
        if _VERSION_LINE.fullmatch(source):
            continue
        try:
            read = list(_Parser(list(tokens_of(source)), named).statements())
        except NotInGrammarError:
            yield NotUnderstood(line, source.replace("\n", " "), _touched(source))
            continue
        named.update(one.name for one in read if isinstance(one, Name))
        yield from read


def _touched(source: str) -> frozenset[int] | None:
    """Return the element that a statement changes in a way that is not understood."""
    bare, before = STRING.sub("''", source), ""
    while bare != before:
        before = bare
        if not all(name in _PURE for name in _ARGUMENTS.findall(bare)):
            return None
        bare = _ARGUMENTS.sub(r"\1", bare)
    found = _ONE_TARGET.fullmatch(bare)
    if found is None:
        return None
    tag = _tag(found[1] or found[2])
    return None if _is_special(tag) else frozenset((tag,))


class _Parser:
    """Reads the statements of one line; `named` are the names that have values by then."""

    def __init__(self, tokens: list[Token], named: set[str]) -> None:
        self._tokens = tokens
        self._named = set(named)
        self._at = 0

    def statements(self) -> Iterator[Statement]:
        """Yield the statements; raises `NotInGrammarError` at the first that is not understood."""
        while self._at < len(self._tokens):
            if self._skip_remark():
                continue
            yield self._conditional() if self._is_condition() else self._action()

    def _skip_remark(self) -> bool:
        """Pass what changes nothing: the descriptions of names."""
        words = [token.text for token in self._tokens[self._at : self._at + 3]]
        kinds = [token.kind for token in self._tokens[self._at : self._at + 3]]
        if not _REMARKS.fullmatch(words[0]):
            return False
        told = kinds[1:] == ["word", "string"]
        hidden = words[0] == "describe" and len(words) == 3 and words[2] in _DESCRIBED
        if not (told or hidden):
            raise NotInGrammarError(words[0])
        self._at += 3
        return True

    def _is_condition(self) -> bool:
        second = self._tokens[self._at + 1 : self._at + 2]
        return bool(second) and second[0].text in _COMPARISONS

    def _conditional(self) -> Conditional:
        left = self._value()
        by_pattern, negated = _COMPARISONS[self._next().text]
        condition = ScriptCondition(left, self._value(), by_pattern, negated)
        self._expect("?")
        action = self._action()
        otherwise = None
        if self._peek() == ":":
            self._next()
            otherwise = self._action()
        return Conditional(condition, action, otherwise)

    def _action(self) -> Action:
        token = self._next()
        if token.text == "-":
            return Remove(self._target(self._next()))
        operator = self._next().text
        if token.kind == "word" and token.text not in _KEYWORDS and operator == ":=":
            value = self._value()
            self._named.add(token.text)
            return Name(token.text, value)
        if operator not in (":=", "?="):
            raise NotInGrammarError(operator)
        return Assign(self._target(token), self._value(), operator == "?=")

    def _target(self, token: Token) -> int:
        if token.kind != "element" or _is_special(_tag(token.text)):
            raise NotInGrammarError(token.text)
        return _tag(token.text)

    def _value(self) -> Value:
        token = self._next()
        match token.kind:
            case "string":
                return Text(token.text[1:-1].replace("\\\\", "\\"))
            case "number":
                return Text(token.text)
            case "element":
                return Element(_tag(token.text))
            case "word" if token.text in self._named:
                return Variable(token.text)
        raise NotInGrammarError(token.text)

    def _peek(self) -> str:
        return self._tokens[self._at].text if self._at < len(self._tokens) else ""

    def _next(self) -> Token:
        if self._at == len(self._tokens):
            raise NotInGrammarError("the end")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, text: str) -> None:
        if self._next().text != text:
            raise NotInGrammarError(text)


def _tag(element: str) -> int:
    return int(re.sub(r"[^0-9A-Fa-f]", "", element), 16)


def _is_special(tag: int) -> bool:
    """Tell whether more depends on an element than its own value, or nobody may change it."""
    return tag < 0x00080000 or tag & 0xFFFF == 0 or tag == _CHARACTER_SET or tag >= _PIXELS
