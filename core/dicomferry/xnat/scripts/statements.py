"""What a script says, statement by statement."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class Text(Struct, frozen=True):
    """A string or a number as it stands in the script."""

    text: str


class Variable(Struct, frozen=True):
    """A value by its name: `project`, `subject`, `session`, or one that the script names."""

    name: str


class Element(Struct, frozen=True):
    """The value of an element of the data set itself."""

    tag: int


Value = Text | Variable | Element


class Assign(Struct, frozen=True):
    """Give an element a value: `:=`, or `?=` where it is there already (`existing`)."""

    tag: int
    value: Value
    existing: bool = False


class Remove(Struct, frozen=True):
    """Delete an element."""

    tag: int


class Name(Struct, frozen=True):
    """Give a value a name."""

    name: str
    value: Value


Action = Assign | Remove | Name


class ScriptCondition(Struct, frozen=True):
    """Compares two values: equal, or by a Java pattern (`by_pattern`); `negated` turns it round."""

    left: Value
    right: Value
    by_pattern: bool
    negated: bool


class Conditional(Struct, frozen=True):
    """One of two actions, by a condition."""

    condition: ScriptCondition
    action: Action
    otherwise: Action | None = None


class NotUnderstood(Struct, frozen=True):
    """A statement that is not understood; `line` counts from 1.

    `touches` are the elements that it can change; None where that is not known either.
    """

    line: int
    text: str
    touches: frozenset[int] | None = None

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


Statement = Action | Conditional | NotUnderstood


class Script(Struct, frozen=True):
    """The statements of one script."""

    statements: tuple[Statement, ...] = ()

    @property
    def not_understood(self) -> tuple[NotUnderstood, ...]:
        """Return the statements that are not understood."""
        return tuple(one for one in self.statements if isinstance(one, NotUnderstood))

    @property
    def touched(self) -> tuple[int, ...]:
        """Return the elements that the script can change, as far as that is known."""
        return tuple(sorted(set().union(*map(touched_by, self.statements))))


def touched_by(statement: Statement) -> frozenset[int]:
    """Return the elements that a statement can change, as far as that is known."""
    match statement:
        case Assign() | Remove():
            return frozenset((statement.tag,))
        case Conditional():
            return _union(statement.action, statement.otherwise)
        case NotUnderstood():
            return statement.touches or frozenset()
        case Name():
            return frozenset()


def _union(*actions: Action | None) -> frozenset[int]:
    some: Iterable[frozenset[int]] = (touched_by(one) for one in actions if one is not None)
    return frozenset().union(*some)
