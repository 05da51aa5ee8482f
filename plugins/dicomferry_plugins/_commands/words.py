"""The words of a shell script: quotes taken off, lines joined, names of parameters marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

OPEN, CLOSE = "\ue000", "\ue001"
"""Around the name of a parameter within a word: `$SUBJECT` and `<SUBJECT>` are not known here."""

_PLACEHOLDER: Final = re.compile(r"<([A-Za-z][A-Za-z0-9_ -]*)>")
_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_REDIRECTION: Final = re.compile(r"([012]|&)?(>>?|<)(&[0-9-]|\s*[^\s;|&]+)")
_OPERATOR: Final = re.compile(r"&&|\|\||[;|&\n]")
_FENCE: Final = re.compile(r"^\s*```")


class ShellCommand(Struct, frozen=True):
    """One simple command; `line` counts from 1, `piped` when it reads what the one before says."""

    line: int
    words: tuple[str, ...]
    piped: bool = False


class _State(Struct):
    words: list[str] = field(default_factory=list)
    word: list[str] | None = None
    line: int = 0
    piped: bool = False


def read_commands(text: str) -> Iterator[ShellCommand]:
    """Yield the commands of a script, or of the code blocks of a Markdown page."""
    yield from _Lexer(_code(text)).commands()


def _code(text: str) -> str:
    """Return a script as it is, and of a page with code blocks only those, line by line."""
    lines = text.replace("\r\n", "\n").split("\n")
    if not any(map(_FENCE.match, lines)):
        return "\n".join(lines)
    kept, inside = [], False
    for line in lines:
        fence = _FENCE.match(line) is not None
        inside = inside != fence
        kept.append("" if fence or not inside else line)
    return "\n".join(kept)


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._state = _State()
        self._variables: dict[str, str] = {}

    def commands(self) -> Iterator[ShellCommand]:
        while self._at < len(self._text):
            operator = self._step()
            # find's own ; and + are words: they were escaped, or are not at a command's end
            if operator:
                yield from self._flush(operator)
        yield from self._flush("\n")

    def _step(self) -> str:
        """Read one character or more; return the operator that ends a command, if it is one."""
        rest = self._text[self._at :]
        character = rest[0]
        if rest.startswith("\\\n"):
            self._skip(2)
        elif character == "\\":
            self._add(rest[1:2])
            self._skip(2)
        elif character in "'\"":
            self._quoted(character)
        elif placeholder := _PLACEHOLDER.match(rest):
            self._add(parameter(placeholder[1]))
            self._skip(len(placeholder[0]))
        elif character == "$" and (variable := _VARIABLE.match(rest)):
            self._add(self._value(variable[1] or variable[2]))
            self._skip(len(variable[0]))
        elif redirection := _REDIRECTION.match(rest) if self._state.word is None else None:
            self._skip(len(redirection[0]))
        elif operator := _OPERATOR.match(rest):
            self._skip(len(operator[0]))
            return operator[0]
        elif character in " \t":
            self._end_word()
            self._skip(1)
        elif character == "#" and self._state.word is None:
            self._skip(len(rest.split("\n", 1)[0]))
        else:
            self._add(character)
            self._skip(1)
        return ""

    def _quoted(self, quote: str) -> None:
        self._skip(1)
        self._add("")
        while self._at < len(self._text) and (character := self._text[self._at]) != quote:
            rest = self._text[self._at :]
            variable = _VARIABLE.match(rest) if quote == '"' else None
            placeholder = _PLACEHOLDER.match(rest)
            if variable:
                self._add(self._value(variable[1] or variable[2]))
                self._skip(len(variable[0]))
            elif placeholder:
                self._add(parameter(placeholder[1]))
                self._skip(len(placeholder[0]))
            elif quote == '"' and character == "\\" and rest[1:2] in ('"', "\\", "$", "`", "\n"):
                self._add(rest[1:2].strip("\n"))
                self._skip(2)
            else:
                self._add(character)
                self._skip(1)
        self._skip(1)

    def _add(self, text: str) -> None:
        state = self._state
        if not state.words and state.word is None:
            state.line = self._line
        state.word = [*(state.word or []), text]

    def _end_word(self) -> None:
        if self._state.word is not None:
            self._state.words.append("".join(self._state.word))
            self._state.word = None

    def _skip(self, length: int) -> None:
        self._line += self._text.count("\n", self._at, self._at + length)
        self._at += length

    def _flush(self, operator: str) -> Iterator[ShellCommand]:
        self._end_word()
        words, line, piped = self._state.words, self._state.line, self._state.piped
        self._state = _State(piped=operator == "|")
        while words and (assigned := re.fullmatch(r"(\w+)=(.*)", words[0], re.DOTALL)):
            self._variables[assigned[1]] = assigned[2]
            words = words[1:]
        if words:
            yield ShellCommand(line, tuple(words), piped)

    def _value(self, name: str) -> str:
        return self._variables.get(name, parameter(name))


def parameter(name: str) -> str:
    """Return the mark that stands for a parameter in a word."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower()
    return f"{OPEN}{f'argument_{plain}' if plain.isdigit() else plain}{CLOSE}"


def parameters(text: str) -> list[str]:
    """Return the names of the parameters in a word."""
    return re.findall(f"{OPEN}([^{CLOSE}]*){CLOSE}", text)


def as_template(text: str) -> str:
    """Return a word as a template; one with `{{` in it has none."""
    return text.replace(OPEN, "{{ params.").replace(CLOSE, " }}")


def as_shell(text: str) -> str:
    """Return a word with its parameters as a shell shows them."""
    return text.replace(OPEN, "$").replace(CLOSE, "")
