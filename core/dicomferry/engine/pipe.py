"""What goes between the main process and its workers, pickled without detours."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from multiprocessing.connection import Connection
from operator import attrgetter
from typing import Any

Reduce = Callable[[Any], tuple[Any, ...]]


class _Reducers(dict[type, Reduce]):
    """How values are taken apart: a dataclass into its fields, all else as pickle does.

    The way of frozen slotted dataclasses themselves is four times as slow, and there are a dozen
    values to an instance.
    """

    def __missing__(self, kind: type) -> Reduce:
        if not is_dataclass(kind) or not all(field.init for field in fields(kind)):
            raise KeyError(kind)
        names = [field.name for field in fields(kind)]
        take = attrgetter(*names) if len(names) > 1 else _one(names)
        self[kind] = reduce = lambda value: (kind, take(value))
        return reduce


def _one(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda value: tuple(getattr(value, name) for name in names)


@cache
def _reducers() -> _Reducers:
    return _Reducers()


def send(connection: Connection, value: object) -> None:
    """Send a value."""
    data = io.BytesIO()
    pickler = pickle.Pickler(data, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _reducers()
    pickler.dump(value)
    connection.send_bytes(data.getbuffer())


def receive(connection: Connection) -> Any:
    """Return the next value; raises `EOFError` when the other side has gone."""
    return pickle.loads(connection.recv_bytes())  # noqa: S301  from a process of our own
