"""The logins of the stand-in: HTTP Basic, the JSESSIONID cookie, and alias tokens."""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from http.cookies import SimpleCookie

from dicomferry_plugins._stand_in.rest.http import (
    HttpAnswer,
    HttpRefusal,
    HttpRequest,
    plain_json,
    text,
)


class Logins:
    """The open sessions and tokens; `login` is the valid `user:password`, empty for any."""

    def __init__(self, login: str, timeout: float) -> None:
        self._login = login
        self._timeout = timeout
        self._sessions: dict[str, float] = {}
        self._tokens: set[str] = set()

    def check(self, request: HttpRequest) -> None:
        """Refuse a request with 401 if it has neither a live session nor a valid login."""
        session = self._session(request)
        if session and time.monotonic() - self._sessions.get(session, -1e18) < self._timeout:
            self._sessions[session] = time.monotonic()
            return
        given = _basic(request)
        if given and (not self._login or given in {self._login, *self._tokens}):
            return
        raise HttpRefusal(401, "Login required")

    def open(self, _request: HttpRequest) -> HttpAnswer:
        """Open a session and return its ID in a cookie, as `/data/JSESSION` does."""
        session = secrets.token_hex(16).upper()
        self._sessions[session] = time.monotonic()
        cookie = f"JSESSIONID={session}; Path=/; HttpOnly"
        answer = text(session)
        return HttpAnswer(200, answer.body, answer.content_type, {"Set-Cookie": cookie})

    def close(self, request: HttpRequest) -> HttpAnswer:
        """End a session."""
        self._sessions.pop(self._session(request), None)
        return text("")

    def issue(self, _request: HttpRequest) -> HttpAnswer:
        """Return a new alias token, which serves as user and password."""
        alias, secret = secrets.token_hex(8), secrets.token_hex(16)
        self._tokens.add(f"{alias}:{secret}")
        return plain_json({"alias": alias, "secret": secret, "estimatedExpirationTime": 0})

    def _session(self, request: HttpRequest) -> str:
        cookie = SimpleCookie(request.headers.get("cookie", "")).get("JSESSIONID")
        return cookie.value if cookie else ""


def user_of(request: HttpRequest) -> str:
    """Return the user of a request; `admin` for a request with a cookie only."""
    return _basic(request).partition(":")[0] or "admin"


def _basic(request: HttpRequest) -> str:
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
