"""A REST server that misbehaves as it is told: for what the stand-in will not do."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from support.patience import PATIENCE


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Says:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Answering = Callable[[Asked], Says]


def table(rows: Sequence[dict[str, object]], total: int | None = None) -> Says:
    """Answer with a table as XNAT's; `total` is what it announces."""
    announced = len(rows) if total is None else total
    return shaped({"ResultSet": {"Result": list(rows), "totalRecords": str(announced)}})


def shaped(value: object, status: int = 200) -> Says:
    """Answer with JSON."""
    return Says(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


@dataclass
class FakeXnat:
    """A running server; routes that are not set answer 404. `asked` is what came, in order.

    A route's answer is a `Says`, a function of the request, or a list to go through, whose last
    stays.
    """

    url: str = ""
    routes: dict[str, Any] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def count(self, path: str, method: str = "GET") -> int:
        """Return how often a path was asked for."""
        return sum((one.path, one.method) == (path, method) for one in self.asked)

    def answer(self, asked: Asked) -> Says:
        """Return the next answer of a route."""
        self.asked.append(asked)
        key = f"{asked.method} {asked.path}"
        says = self.routes.get(key, self.routes.get(asked.path, Says(404)))
        if isinstance(says, list):
            says = says.pop(0) if len(says) > 1 else says[0]
        answer = says(asked) if callable(says) else says
        assert isinstance(answer, Says)
        return answer


@contextmanager
def fake_xnat(identity: Path | None = None) -> Iterator[FakeXnat]:
    """Run a fake that takes every login; with `identity`, a PEM of key and certificate, by TLS."""
    fake = FakeXnat()
    fake.routes["POST /data/JSESSION"] = Says(200, b"J1", {"Set-Cookie": "JSESSIONID=J1; Path=/"})
    fake.routes["DELETE /data/JSESSION"] = Says()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
    server.daemon_threads = True
    if identity is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https" if identity else "http"
    fake.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(fake: FakeXnat) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            self.connection.settimeout(PATIENCE)

        def _respond(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                self.command, parts.path, dict(parse_qsl(parts.query)),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )  # fmt: skip
            says = fake.answer(asked)
            self.send_response(says.status)
            for name, value in says.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(says.body)))
            self.end_headers()
            self.wfile.write(says.body)

        do_GET = do_POST = do_DELETE = _respond  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    return Handler
