"""Instances of a DICOMweb server, retrieved by WADO-RS (PS3.18 10.4)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from dicomferry import RemoteInstance
from dicomferry.contract import Fetched, FetchOrder, Inbox, Manners
from dicomferry_plugins._dicomweb.client import WebClient
from dicomferry_plugins._dicomweb.intake import WebIntake
from dicomferry_plugins._dicomweb.multipart import CutError, MultipartReader, media_type
from dicomferry_plugins._dicomweb.qido import STORED, instance_path
from dicomferry_plugins._dicomweb.site import SilentError, StatusError, WebSite

_PAUSE: Final = 1.0
_MOST_IN_VAIN: Final = 20
"""Instances in a row that do not come when they are asked for one by one."""


class WadoFetcher(Struct, frozen=True):
    """Retrieves from one server; implements `Fetcher`."""

    site: WebSite
    manners: Manners

    def fetch(self, order: FetchOrder, inbox: Inbox) -> Fetched:
        """Ask for whole series, then for what did not come of them, one by one, and once more.

        Raises `FerryError` where the server refuses the login.
        """

        def turn() -> None:
            inbox.wait()
            inbox.asked()

        with WebClient(self.site, turn, lambda seconds: _sleep(seconds, inbox)) as client:
            retrieval = _Retrieval(client, inbox, WebIntake(inbox, order.whole_series))
            retrieval.by_series(order)
            retrieval.one_by_one()
            if inbox.missing():
                _sleep(_PAUSE, inbox)
                retrieval.one_by_one()
        return Fetched(retrieval.why, silent=retrieval.silent)


class _Retrieval(Struct):
    """Asks for the instances of one study; `why` says what was wrong with the last bad answer.

    `silent` is set where the server has answered nothing at all.
    """

    client: WebClient
    inbox: Inbox
    intake: WebIntake
    why: str = ""
    silent: bool = False
    _heard: bool = False

    def by_series(self, order: FetchOrder) -> None:
        """Ask for the series that are wanted whole, and for those without a list."""
        for series in dict.fromkeys(one.ref.series_instance_uid for one in self.inbox.missing()):
            bare = [one for one in self._missing(series) if not one.ref.sop_instance_uid]
            if not (bare or series in order.whole_series):
                continue
            if self._done():
                return
            whole = self._ask(instance_path(order.study_instance_uid, series))
            if whole and self.intake.unlisted[series]:
                for one in bare:
                    self.inbox.complete(one)

    def one_by_one(self) -> None:
        """Ask for each instance that is missing."""
        in_vain = 0
        for one in self.inbox.missing():
            if self._done() or in_vain >= _MOST_IN_VAIN:
                return
            ref = one.ref
            if not ref.sop_instance_uid:
                continue
            before = self.intake.came
            self._ask(
                instance_path(ref.study_instance_uid, ref.series_instance_uid, ref.sop_instance_uid)
            )
            in_vain = 0 if self.intake.came > before else in_vain + 1

    def _ask(self, path: str) -> bool:
        """Take what comes of a resource; tell whether the answer was whole."""
        heard, unasked = False, self.intake.unasked
        try:
            with self.client.get(path, STORED) as answer:
                heard = True
                told = answer.headers.get("Content-Type", "")
                kind, boundary = media_type(told)
                chunks = self._chunks(self.client.chunks(answer))
                if kind == "application/dicom":  # one instance, from a server that packs none
                    self.intake.take(chunks)
                elif kind.startswith("multipart/") and boundary:
                    for part in MultipartReader(chunks, boundary):
                        self.intake.take(part.chunks)
                        if self._ends():
                            return False
                else:
                    self.why = f"{path}: it answers with {told[:80] or 'no Content-Type'}"
                    return False
        except CutError as error:
            self.why = f"{path}: its answer was cut short: {error}"
        except SilentError as error:
            self.why, self.silent = error.message, not heard and not self._heard
        except StatusError as error:
            heard, self.why = True, error.message
        else:
            if self.intake.unasked > unasked:
                strangers = self.intake.unasked - unasked
                self.why = f"{path}: {strangers:,} of its parts are none of what was asked for"
            return not self._ends()
        finally:
            self._heard = self._heard or heard
        return False

    def _chunks(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            if self.inbox.stopped():
                raise CutError("the run stops")
            yield chunk

    def _missing(self, series: str) -> list[RemoteInstance]:
        return [one for one in self.inbox.missing() if one.ref.series_instance_uid == series]

    def _done(self) -> bool:
        return self.silent or self._ends() or not self.inbox.missing()

    def _ends(self) -> bool:
        """Tell whether nothing more is taken: of a whole series, also what was not listed is."""
        return self.inbox.full or self.inbox.stopped()


def _sleep(seconds: float, inbox: Inbox) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and not inbox.stopped():
        time.sleep(min(left, 0.2))
