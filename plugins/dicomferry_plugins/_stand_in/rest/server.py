"""The HTTP server of the stand-in, with one thread per connection."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec.structs import replace

from dicomferry import FerryError
from dicomferry_plugins._stand_in.rest.http import HttpAnswer, HttpRefusal, HttpRequest, text
from dicomferry_plugins._stand_in.rest.login import Logins
from dicomferry_plugins._stand_in.rest.routes import Routes

if TYPE_CHECKING:
    from dicomferry_plugins._stand_in.dicom.scp import StorageScp
    from dicomferry_plugins._stand_in.site.site import StandInSite

_LOG = logging.getLogger(__name__)
_LARGEST_BODY = 1 << 31
"""The longest body of a request, in bytes: the server keeps it in memory."""
_ALL_BODIES = 1 << 31
"""Bytes of bodies that are read at the same time at most."""
_SHORT_BODY = 1 << 16
"""The longest body, in bytes, that is read of a request that is refused."""
_PATIENCE = 60.0
"""Seconds for which a client may send nothing."""


class RestServer:
    """Answers REST requests for a site; `port` 0 takes a free port at the start."""

    def __init__(self, site: StandInSite, scp: StorageScp, port: int) -> None:
        self.host = scp.host
        self.port = port
        self._logins = Logins(site.settings.login, site.settings.session_timeout)
        self._routes = Routes(site, scp, self._logins)
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """The root URL of the routes."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Start to listen; raises `OSError` when the address is not free."""
        self._server = _Server((self.host, self.port), self._refusal, self._answer)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _refusal(self, request: HttpRequest) -> HttpAnswer | None:
        """Return why a request is refused before its body is read; None where it is not."""
        try:
            self._logins.check(request)
        except HttpRefusal as refused:
            return refused.answer
        return None

    def _answer(self, request: HttpRequest) -> HttpAnswer:
        try:
            return self._routes.answer(request)
        except HttpRefusal as refused:
            return refused.answer
        except (FerryError, OSError) as error:
            known = error.message if isinstance(error, FerryError) else error.strerror
            return text(known or "I/O error", 500)
        except Exception as error:  # noqa: BLE001 - a servlet container answers 500 to all of it
            _LOG.error("a request could not be answered: %s", type(error).__name__)
            return text(f"Internal Server Error: {type(error).__name__}", 500)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        refusal: Callable[[HttpRequest], HttpAnswer | None],
        answer: Callable[[HttpRequest], HttpAnswer],
    ) -> None:
        self.refusal = refusal
        self.answer = answer
        self._left = _ALL_BODIES
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """Log what ended a connection, but for a client that went away."""
        error = sys.exception()
        if not isinstance(error, OSError):
            _LOG.error("a connection ended: %s", type(error).__name__)

    @contextmanager
    def room_for(self, length: int) -> Iterator[bool]:
        """Tell whether there is room for a body of this length, and keep it for the block."""
        with self._lock:
            fits = length <= self._left
            self._left -= length * fits
        try:
            yield fits
        finally:
            with self._lock:
                self._left += length * fits


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "dicomferry-stand-in"
    disable_nagle_algorithm = True
    timeout = _PATIENCE
    server: _Server

    def do_GET(self) -> None:
        """Answer a GET."""
        self._respond()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._respond()

    def do_PUT(self) -> None:
        """Answer a PUT."""
        self._respond()

    def do_DELETE(self) -> None:
        """Answer a DELETE."""
        self._respond()

    def _respond(self) -> None:
        length = self._length()
        if length is None:
            self._close_with(text("Bad Request: a body needs a Content-Length", 400))
            return
        parts = urlsplit(self.path)
        request = HttpRequest(
            self.command,
            unquote(parts.path),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            b"",
        )
        refusal = self.server.refusal(request)
        if refusal is not None:
            self._refuse(refusal, length)
            return
        if length > _LARGEST_BODY:
            self._close_with(text("Payload Too Large", 413))
            return
        with self.server.room_for(length) as fits:
            if not fits:
                self._close_with(text("Service Unavailable: too many uploads at once", 503))
                return
            try:
                body = self.rfile.read(length)
            except MemoryError:
                self._close_with(text("Service Unavailable: out of memory", 503))
                return
            if len(body) < length:
                self.close_connection = True
                return
            self._send(self.server.answer(replace(request, body=body)))

    def _length(self) -> int | None:
        """Return the length of the body; None where nobody can tell it (RFC 9112 6.3)."""
        given = self.headers.get("Content-Length") or "0"
        if "Transfer-Encoding" in self.headers or not (given.isascii() and given.isdecimal()):
            return None
        return int(given)

    def _refuse(self, refusal: HttpAnswer, length: int) -> None:
        """Refuse a request whose body was not read: a short one is read and forgotten.

        Many clients send the whole body first, and would take a closed connection for no answer.
        """
        if length > _SHORT_BODY:
            self._close_with(refusal)
            return
        self.rfile.read(length)
        self._send(refusal)

    def _close_with(self, answer: HttpAnswer) -> None:
        self.close_connection = True
        self._send(answer)

    def _send(self, answer: HttpAnswer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="dicomferry stand-in"')
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing: request lines can name patients."""
