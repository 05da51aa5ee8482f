"""Requests to a DICOMweb server: logged in, counted, and repeated where that may help."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

from dicomferry_plugins._dicomweb.site import DeniedError, SilentError, StatusError, WebSite

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session

_BUSY: Final = frozenset({429, 502, 503, 504})
_ATTEMPTS: Final = 3
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 60.0
"""Seconds at most, also where the server asks for more by Retry-After."""

_NO_WAY: Final = ("Failed to establish", "Failed to resolve")
"""What urllib3 says where there is no connection."""


class WebClient:
    """Sends requests to one site; a context manager that ends its connections.

    `turn` is called before each request, also before one that is repeated. Only one thread may use
    a client.
    """

    def __init__(
        self,
        site: WebSite,
        turn: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.site = site
        self._turn = turn
        self._sleep = sleep
        self._session: Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    @contextmanager
    def get(self, path: str, accept: str, query: str = "") -> Iterator[Response]:
        """Give the answer to a GET, of which only the head was read; it is closed at the end.

        Asks again while the server is busy or the connection breaks. Raises `DeniedError`,
        `StatusError` for any status that is no success, and `SilentError`.
        """
        attempt = 1
        while True:
            last = attempt == _ATTEMPTS
            try:
                answer = self.send("GET", path, headers={"Accept": accept}, params=query)
            except SilentError as error:
                if last or error.reached:
                    raise
                pause = _pause(attempt)
            else:
                again = answer.status_code in _BUSY or (answer.status_code == 401 and attempt == 1)
                if last or not again:
                    break
                pause = _pause(attempt, answer)
                answer.close()
            self._sleep(pause)
            attempt += 1
        try:
            self.check(answer, path)
            yield answer
        finally:
            answer.close()

    def send(self, method: str, path: str, **how: Any) -> Response:
        """Send a request once and return the answer, of which only the head was read.

        Raises `SilentError` where there is none; checks no status.
        """
        from requests import RequestException

        self._turn()
        try:
            return self._connected().request(
                method,
                self.site.url + path,
                allow_redirects=False,
                stream=True,
                timeout=(self.site.connect_timeout, self.site.timeout),
                # A part of every request: REQUESTS_CA_BUNDLE would override the session's.
                verify=self.site.ca or True,
                **how,
            )
        except RequestException as error:
            raise self.silence(error) from None

    def chunks(self, answer: Response) -> Iterator[bytes]:
        """Yield the bytes of an answer; raises `SilentError` where it is cut."""
        from requests import RequestException

        try:
            yield from answer.iter_content(1 << 16)
        except RequestException as error:
            raise self.silence(error) from None

    def check(self, answer: Response, path: str) -> None:
        """Raise for a status that is no success."""
        status, host = answer.status_code, self.site.host
        if 200 <= status < 300:
            return
        if answer.is_redirect:
            raise StatusError(f"{path}: {host} sends us elsewhere", status, hint="is url right?")
        if status == 401:
            raise DeniedError(
                f"{host} refuses the login" if self._has_login else f"{host} wants a login",
                hint="check what login: or token: of the server resolves to",
            )
        raise StatusError(f"{path}: {host} answers {status}", status, hint="see the server's log")

    def silence(self, error: Exception) -> SilentError:
        """Return the error in our own words: the text of requests' errors quotes requests."""
        from requests import ConnectTimeout, Timeout
        from requests.exceptions import ConnectionError as Unconnected, SSLError

        host, words = self.site.host, str(error)
        if isinstance(error, SSLError):
            hint = "is it the right server? ca: names who vouches for it"
            return SilentError(f"{host} is not trusted", hint=hint, reached=True)
        unreachable = isinstance(error, Unconnected) and any(one in words for one in _NO_WAY)
        if isinstance(error, ConnectTimeout) or unreachable:
            return SilentError(f"{host} is unreachable", hint="is it running, and is url right?")
        if isinstance(error, Timeout) or "timed out" in words:
            return SilentError(f"{host} fell silent for {self.site.timeout:g} s", reached=True)
        return SilentError(f"{host} ended the connection before its answer was whole")

    @property
    def _has_login(self) -> bool:
        return bool(self.site.login or self.site.token)

    def _connected(self) -> Session:
        from requests import Session

        if self._session is None:
            session = Session()
            # Without an `auth`, requests would read a login from ~/.netrc.
            session.auth = self._log_in
            session.headers["User-Agent"] = "dicomferry"
            session.headers["Accept-Encoding"] = "identity"
            if self.site.certificate:
                session.cert = (self.site.certificate, self.site.key)
            self._session = session
        return self._session

    def _log_in(self, request: PreparedRequest) -> PreparedRequest:
        from requests.auth import HTTPBasicAuth

        if self.site.token:
            request.headers["Authorization"] = f"Bearer {self.site.token}"
        elif self.site.login:
            user, _, password = self.site.login.partition(":")
            HTTPBasicAuth(user.encode(), password.encode())(request)
        return request


def _pause(attempt: int, answer: Response | None = None) -> float:
    """Return the seconds before the next attempt, as the server asks or twice as many each time."""
    asked = str(answer.headers.get("Retry-After", "")) if answer is not None else ""
    wanted = float(asked) if asked.isascii() and asked.isdigit() else 0.0
    return min(max(wanted, _FIRST_PAUSE * 2.0 ** (attempt - 1)), _LONGEST_PAUSE)
