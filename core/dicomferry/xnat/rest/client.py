"""The client of XNAT's REST interface: it logs in, repeats requests, and checks answers."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote, urlsplit

from msgspec import Struct

from dicomferry.xnat.rest.errors import DeniedError, NotThereError, RestError, SilentError

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session

Row = Mapping[str, str]
"""One row of a table of XNAT's: values by column name."""

_BUSY: Final = frozenset({502, 503, 504})
_ATTEMPTS: Final = 3
_FIRST_PAUSE: Final = 0.5
_LARGEST_ANSWER: Final = 256 << 20


class RestSite(Struct, frozen=True):
    """The URL of an XNAT, the login, and the time limits in seconds.

    `login` is `user:password`, or `alias:secret` of an alias token. `ca` is a file with the
    certificate authorities of the server; empty for the system's.
    """

    url: str
    login: str
    ca: str = ""
    connect_timeout: float = 10.0
    timeout: float = 60.0

    def __repr__(self) -> str:
        return f"Site({self.url!r})"

    @property
    def host(self) -> str:
        """Return the host's name, for messages."""
        return urlsplit(self.url).netloc


class RestClient:
    """Sends requests to one XNAT; a context manager that ends its XNAT session.

    The client sends the login once, to `POST /data/JSESSION`, and then the session's cookie. XNAT
    ends a session after 15 idle minutes (`sessionTimeout`); the client then logs in again. Only
    one thread may use a client.
    """

    def __init__(self, site: RestSite, sleep: Callable[[float], None] = time.sleep) -> None:
        self.site = site
        self._sleep = sleep
        self._session: Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the XNAT session, since a server limits their number, and close the connections."""
        from requests import RequestException

        if self._session is None:
            return
        # If this fails, XNAT ends the session later.
        with contextlib.suppress(RequestException):
            self._session.delete(f"{self.site.url}/data/JSESSION", **self._options)
        self._session.close()
        self._session = None

    def log_in(self) -> None:
        """Open an XNAT session; raises `DeniedError` when the login is refused."""
        from requests import Session

        if self._session is not None:
            self._session.close()
        session = Session()
        # Without an `auth`, requests would read a login from ~/.netrc.
        session.auth = _no_login
        # XNAT requires a CSRF token with every POST of a browser, which it knows by this header.
        session.headers["User-Agent"] = "dicomferry"
        self._session = session
        user, _, password = self.site.login.partition(":")
        pair = (user.encode(), password.encode())
        answer = self._send("POST", "/data/JSESSION", auth=pair)
        if answer.is_redirect:
            raise RestError(
                f"{self.site.host} sends us elsewhere",
                hint=f"should url: be {_origin(answer.headers['Location'])}?",
            )
        if answer.status_code in (401, 403):
            raise DeniedError(
                f"{self.site.host} refuses the login",
                hint="check what the reference login: of the server resolves to (user:password),"
                " and that an alias token has not lapsed",
            )
        self._check(answer, "/data/JSESSION")

    def rows(self, path: str, **query: str) -> list[Row]:
        """Return every row of a table, also of one that XNAT divides into pages.

        Raises `RestError` when XNAT announces more rows than it returns.
        """
        found: list[Row] = []
        seen: set[tuple[str, ...]] = set()
        while True:
            page = {"offset": str(len(found))} if found else {}
            rows, total = _table(self.json(path, format="json", **query, **page), path)
            # A server that ignores `offset` returns the same rows again.
            fresh = [row for row in rows if not found or tuple(row.values()) not in seen]
            seen.update(tuple(row.values()) for row in fresh)
            found += fresh
            if len(found) >= total:
                return found
            if not fresh:
                raise RestError(
                    f"{path}: {self.site.host} gives {len(found)} of {total} rows",
                    hint="a list that is cut short proves nothing; look at the server's log",
                )

    def json(self, path: str, **query: str) -> Any:
        """Return the decoded JSON of a GET."""
        return self._decoded(self._ask("GET", path, params=query), path)

    def post(self, path: str, form: Mapping[str, str], **query: str) -> Any:
        """Send a form and return the decoded JSON; only for requests that may be repeated."""
        return self._decoded(self._ask("POST", path, params=query, data=dict(form)), path)

    def search(self, path: str, criteria: Mapping[str, object]) -> Any:
        """Send criteria as JSON and return the decoded JSON of what they find."""
        return self._decoded(self._ask("POST", path, json=dict(criteria)), path)

    def content(self, path: str, **query: str) -> bytes:
        """Return the bytes of a GET."""
        return self._ask("GET", path, params=query).content

    def head(self, path: str, length: int) -> bytes:
        """Return at most the first `length` bytes of a GET."""
        answer = self._ask("GET", path, stream=True, headers={"Range": f"bytes=0-{length - 1}"})
        with answer:
            data = b""
            for chunk in self._chunks(answer):
                data += chunk
                if len(data) >= length:
                    break
        return data[:length]

    def clock(self) -> str:
        """Return the HTTP date of an answer; empty where the server gives none."""
        return str(self._ask("GET", "/data/JSESSION").headers.get("Date", ""))

    def _ask(self, method: str, path: str, **how: Any) -> Response:
        """Send a request with a login; log in again and repeat it if XNAT has ended the session."""
        if self._session is None:
            self.log_in()
        answer = self._send(method, path, **how)
        # After the end of a session, XNAT answers 401 or redirects to its login page.
        if answer.status_code == 401 or answer.is_redirect:
            self.log_in()
            answer = self._send(method, path, **how)
        self._check(answer, path)
        return answer

    def _send(self, method: str, path: str, **how: Any) -> Response:
        """Send a request; repeat it while XNAT is busy or the connection breaks."""
        from requests import RequestException, Timeout

        assert self._session is not None  # noqa: S101  log_in makes it
        attempt = 1
        while True:
            try:
                answer = self._session.request(
                    method, self.site.url + path, allow_redirects=False, **self._options, **how
                )
            except RequestException as error:
                if attempt == _ATTEMPTS or isinstance(error, Timeout) or _is_tls(error):
                    raise self._silent(error) from None
            else:
                if answer.status_code not in _BUSY or attempt == _ATTEMPTS:
                    return answer
                answer.close()
            self._sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
            attempt += 1

    @property
    def _options(self) -> dict[str, Any]:
        # `verify` is part of every request: REQUESTS_CA_BUNDLE would override the session's.
        limits = (self.site.connect_timeout, self.site.timeout)
        return {"timeout": limits, "verify": self.site.ca or True}

    def _chunks(self, answer: Response) -> Iterator[bytes]:
        from requests import RequestException

        try:
            yield from answer.iter_content(1 << 14)
        except RequestException as error:
            raise self._silent(error) from None

    def _check(self, answer: Response, path: str) -> None:
        status = answer.status_code
        if 200 <= status < 300:
            return
        answer.close()
        where = f"{path}: {self.site.host}"
        if status in (401, 403):
            raise DeniedError(
                f"{where} does not let this login see it ({status})",
                hint="the login needs to be a member of the project; some settings are for"
                " administrators only",
            )
        if status == 404:
            raise NotThereError(f"{where} has no such thing (404)")
        raise RestError(f"{where} answers {status}", hint="look at the server's log")

    def _decoded(self, answer: Response, path: str) -> Any:
        if len(answer.content) > _LARGEST_ANSWER:
            raise RestError(f"{path}: the answer of {self.site.host} is too large to be true")
        try:
            return answer.json()
        except ValueError:
            raise RestError(
                f"{path}: {self.site.host} does not answer in JSON",
                hint="is url: that of the XNAT itself, with its path if it has one?",
            ) from None

    def _silent(self, error: Exception) -> SilentError:
        """Return the error in our own words: the text of requests' errors quotes requests."""
        from requests import Timeout

        if _is_tls(error):
            words, hint = (
                "its certificate is not trusted",
                "name the certificate authority's file with ca: beside url:",
            )
        elif isinstance(error, Timeout):
            words, hint = "it does not answer in time", "try again later, or raise timeout:"
        else:
            words, hint = "there is no connection", "is it running, and is url: right?"
        return SilentError(f"{self.site.host} cannot be asked over REST: {words}", hint=hint)


def segment(text: str) -> str:
    """Return `text` as one segment of a path."""
    return quote(text, safe="")


def _origin(url: str) -> str:
    """Return scheme and host only: the rest may hold the ID of an XNAT session."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "another path of it"


def _no_login(request: PreparedRequest) -> PreparedRequest:
    return request


def _is_tls(error: Exception) -> bool:
    from requests.exceptions import SSLError

    return isinstance(error, SSLError)


def _table(answer: Any, path: str) -> tuple[list[Row], int]:
    """Return the rows of `{"ResultSet": {"Result": […], "totalRecords": "3"}}` and the total."""
    table = answer.get("ResultSet") if isinstance(answer, dict) else None
    rows = table.get("Result") if isinstance(table, dict) else None
    if not isinstance(table, dict) or not isinstance(rows, list):
        raise RestError(f"{path}: the answer is not a table of XNAT's")
    clean = [{str(k): _cell(v) for k, v in row.items()} for row in rows if isinstance(row, dict)]
    total = _cell(table.get("totalRecords"))
    return list(clean), int(total) if total.isdecimal() else len(clean)


def _cell(value: object) -> str:
    return "" if value is None else str(value)
