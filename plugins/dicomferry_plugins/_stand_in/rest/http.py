"""HTTP requests and answers as values, and the forms of XNAT's JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from msgspec import Struct, field

Row = Mapping[str, object]


class HttpRequest(Struct, frozen=True):
    """One request; `path` is decoded, `query` has the last value of each name."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> str:
        """The query's `format` in lower case; empty without one."""
        return self.query.get("format", "").lower()


class HttpAnswer(Struct, frozen=True):
    """One response."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)


class HttpRefusal(Exception):  # noqa: N818 - it is an answer, not a failure of the stand-in
    """Ends a request with an error status and XNAT's message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.answer = text(message, status)


def text(message: str, status: int = 200) -> HttpAnswer:
    """Answer with plain text."""
    return HttpAnswer(status, message.encode(), "text/plain;charset=UTF-8")


def plain_json(value: object, status: int = 200) -> HttpAnswer:
    """Answer with JSON as `/xapi` does."""
    return HttpAnswer(status, json.dumps(value).encode(), "application/json;charset=UTF-8")


def xml(document: str) -> HttpAnswer:
    """Answer with an XML document."""
    return HttpAnswer(200, document.encode(), "text/xml;charset=UTF-8")


def result_set(rows: Iterable[Row], request: HttpRequest) -> HttpAnswer:
    """Answer with `{"ResultSet": {"Result": […], "totalRecords": "N"}}`, as `/data` does.

    The query's `columns` selects columns; its `offset` and `limit` select rows.
    """
    found = list(rows)
    total = len(found)
    start = _number(request, "offset", 0)
    found = found[start : start + _number(request, "limit", total)]
    if columns := request.query.get("columns"):
        wanted = [name.strip() for name in columns.split(",") if name.strip()]
        # XNAT always adds the URI
        found = [{k: v for k, v in row.items() if k in {*wanted, "URI"}} for row in found]
    body = {"ResultSet": {"Result": [dict(row) for row in found], "totalRecords": str(total)}}
    return plain_json(body)


def item(kind: str, fields: Row, children: Iterable[Row] = ()) -> dict[str, object]:
    """Return one item, as XNAT writes an XML element in JSON."""
    return {
        "children": list(children),
        "meta": {"xsi:type": kind, "isHistory": False},
        "data_fields": dict(fields),
    }


def _number(request: HttpRequest, name: str, other: int) -> int:
    value = request.query.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() else other
