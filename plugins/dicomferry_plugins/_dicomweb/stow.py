"""The sink that stores instances by STOW-RS (PS3.18 10.5), one in each request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from dicomferry import Consignment, Failed, FerryError, Outcome, Parcel, Rejected, Stored
from dicomferry.dimse import StatusCategory, store_status
from dicomferry_plugins._dicomweb.client import WebClient
from dicomferry_plugins._dicomweb.holding import holds
from dicomferry_plugins._dicomweb.qido import DICOM_JSON
from dicomferry_plugins._dicomweb.site import DeniedError, SilentError, WebSite
from dicomferry_plugins._dicomweb.stow_answer import Told, told_of
from dicomferry_plugins._dicomweb.stow_body import SourceError, StowBody
from dicomferry_plugins._resend import BackOff, Breaker, Trouble

if TYPE_CHECKING:
    from requests import Response

_LARGEST_ANSWER: Final = 1 << 20
_MOST_UNKNOWN: Final = 2
"""How often an instance is sent again at most where nobody knows what became of it."""

_XNAT_FAILURE: Final = 0xC000

_NOT_TAKEN: Final = frozenset({400, 406, 409, 413, 415, 422})
"""Statuses by which a server refuses this one instance for good."""

_NO_DOOR: Final = frozenset({401, 403, 404, 405, 501})
"""Statuses by which a server refuses whatever comes by this way."""


class StowSink(Struct):
    """Stores at `site`; its breaker is shared by everything this process sends there."""

    site: WebSite
    lanes: int
    receiver: str
    retries: int = 4
    server: str = ""
    back_off: BackOff = field(default_factory=BackOff)
    breaker: Breaker = field(default_factory=Breaker)

    @contextmanager
    def open(self, consignment: Consignment) -> Iterator[StowDelivery]:
        """Reach the server; raises `FerryError` without a way to it, or where it wants a login."""
        del consignment  # whatever is in it goes the same way
        if self.breaker.tripped:
            raise SilentError(self.silent_words())
        with WebClient(self.site) as client:
            delivery = StowDelivery(self, client)
            delivery.connect()
            yield delivery

    def silent_words(self) -> str:
        """Say that nothing was tried, because the server fell silent before."""
        return f"not tried: {self.site.host} did not answer for the instances before"


class StowDelivery:
    """Stores one consignment's instances, one after another."""

    def __init__(self, sink: StowSink, client: WebClient) -> None:
        self._sink = sink
        self._client = client
        self._in_vain = 0

    def connect(self) -> None:
        """Ask a server that was not heard yet what it can do; any answer but 401 is a way in."""
        if self._sink.breaker.has_answered:
            return
        try:
            answer = self._client.send("OPTIONS", "/studies")
        except SilentError:
            self._sink.breaker.silence()
            raise
        answer.close()
        if answer.status_code == 401:
            raise DeniedError(
                f"{self._sink.site.host} does not let us in",
                hint="check what login: or token: of the server resolves to",
            )
        self._sink.breaker.answered()

    def store(self, parcel: Parcel) -> Outcome:
        """Send one instance, again where that may help; `Stored` only by the server's own word."""
        if self._sink.breaker.tripped:
            return Failed(self._sink.silent_words(), retryable=True)
        sent = 0
        while True:
            result = self._attempt(parcel)
            sent += 1
            if not isinstance(result, Trouble):
                self._in_vain = 0
                return result
            # What did not help the instances before will hardly help this one.
            if sent > result.most - self._in_vain:
                self._in_vain += 1
                if result.silent:
                    self._sink.breaker.silence()
                times = f", tried {sent} times" if sent > 1 else ""
                return Failed(result.reason + times, retryable=True)
            self._sink.back_off.wait(sent)

    def _attempt(self, parcel: Parcel) -> Outcome | Trouble:
        try:
            body = StowBody(parcel.file())
            headers = {"Content-Type": body.content_type, "Accept": DICOM_JSON}
            answer = self._client.send("POST", "/studies", data=body, headers=headers)
        except SilentError as error:
            return self._unknown(parcel, error.message, silent=True)
        except SourceError as error:
            return Failed(f"reading the source: {error.message}", retryable=True)
        except FerryError as error:
            return Rejected(error.message)
        except OSError as error:
            return Failed(f"reading the source: {error.strerror or error}", retryable=True)
        with answer:
            return self._judge(parcel, answer, len(body))

    def _judge(self, parcel: Parcel, answer: Response, size: int) -> Outcome | Trouble:
        status, host = answer.status_code, self._sink.site.host
        try:
            told = told_of(self._body(answer), parcel.ref.sop_instance_uid)
        except SilentError as error:
            return self._unknown(parcel, error.message, silent=True)
        said = f"{status} from {host}"
        if told.refused:
            self._sink.breaker.answered()
            return self._refused(told, said)
        if told.stored and status in (200, 202):
            self._sink.breaker.answered()
            warned = f": {store_status(told.warning)}" if told.warning else ""
            return Stored(said + warned, warned=bool(told.warning))
        if status in _NO_DOOR or answer.is_redirect:
            most = min(1, self._sink.retries) if status == 401 else 0
            return Trouble(f"{said}: it takes nothing by STOW-RS, or not from us", most, True)
        if status in _NOT_TAKEN:
            self._sink.breaker.answered()
            large = f": {size:,} bytes are more than it, or a proxy, takes" if status == 413 else ""
            return Rejected(said + large)
        if status == 429:
            return Trouble(f"{said}: it is busy", self._sink.retries)
        return self._unknown(parcel, f"{said}, which does not name the instance")

    def _refused(self, told: Told, said: str) -> Outcome | Trouble:
        status = store_status(told.reason)
        if status.verdict is StatusCategory.RETRY:
            most = self._sink.retries
            # Where XNAT fails within itself: it seldom helps to send the same again.
            most = min(_MOST_UNKNOWN, most) if told.reason == _XNAT_FAILURE else most
            return Trouble(f"{said}: {status}", most)
        return Rejected(f"{said}: {status}" if told.reason else f"{said}: it names no reason")

    def _unknown(self, parcel: Parcel, why: str, *, silent: bool = False) -> Outcome | Trouble:
        """Ask for an instance of which nobody knows whether the server has it."""
        if holds(self._client, parcel):
            return Stored(f"it has the instance as it was sent ({why})")
        return Trouble(why, min(_MOST_UNKNOWN, self._sink.retries), silent=silent)

    def _body(self, answer: Response) -> bytes:
        body = bytearray()
        for chunk in self._client.chunks(answer):
            body += chunk
            if len(body) > _LARGEST_ANSWER:
                break  # nothing of what it says about one instance is so long
        return bytes(body)
