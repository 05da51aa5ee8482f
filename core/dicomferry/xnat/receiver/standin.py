"""The stand-in itself: a DICOM receiver and a REST side over one emulated XNAT."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec.structs import replace

from dicomferry.component import Identifier
from dicomferry.errors import FerryError
from dicomferry.xnat.filing.tree import Tree, tree_of
from dicomferry.xnat.receiver.dicom.scp import StorageScp
from dicomferry.xnat.receiver.rest.server import RestServer
from dicomferry.xnat.receiver.site.faults import Faults
from dicomferry.xnat.receiver.site.receipts import Receipt
from dicomferry.xnat.receiver.site.settings import SiteSettings
from dicomferry.xnat.receiver.site.site import StandInSite

_LOG = logging.getLogger(__name__)
_WARNING = "this is dicomferry's stand-in, not an XNAT: it emulates an XNAT receiver, to rehearse"
_LOOKS = 10
"""How often the rebuilder looks in one quiet period; XNAT's own does five times."""


class StandIn:
    """A receiver that behaves as an XNAT's would, as far as that is known without one.

    `storage` keeps what arrives as files, and `receipts.jsonl`; None keeps counts and digests
    alone. `port` 0 takes a free one, to be read from `port` once started; so does `rest_port`,
    and None there leaves the REST side out. `prearchive_code` and `faults` are shorthand for the
    settings of these names.
    """

    def __init__(
        self,
        identifier: Identifier,
        storage: Path | None = None,
        *,
        ae_title: str = "XNAT",
        host: str = "127.0.0.1",
        port: int = 0,
        rest_port: int | None = None,
        settings: SiteSettings | None = None,
        prearchive_code: int | None = None,
        faults: Faults | None = None,
    ) -> None:
        chosen = settings or SiteSettings()
        if prearchive_code is not None:
            chosen = replace(chosen, prearchive_code=prearchive_code)
        if faults is not None:
            chosen = replace(chosen, faults=faults)
        self.site = StandInSite(identifier, storage, chosen)
        self._scp = StorageScp(self.site, ae_title, host, port)
        self._rest = None if rest_port is None else RestServer(self.site, self._scp, rest_port)
        self._stopping = threading.Event()

    @property
    def ae_title(self) -> str:
        """Its AE title."""
        return self._scp.ae_title

    @property
    def host(self) -> str:
        """The address it listens at."""
        return self._scp.host

    @property
    def port(self) -> int:
        """The DICOM port."""
        return self._scp.port

    @property
    def url(self) -> str:
        """The root of the REST side; empty when there is none."""
        return self._rest.url if self._rest else ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; raises `FerryError` when an address or the storage cannot be had."""
        _LOG.warning(_WARNING)
        where = f"{self.host}:{self.port}"
        try:
            self.site.open()
            self._scp.start()
            if self._rest is not None:
                where = f"{self.host}:{self._rest.port}"
                self._rest.start()
        except OSError as error:
            self.stop()
            raise FerryError(
                f"the stand-in cannot start at {where}: {error.strerror}",
                hint="choose another port, or 0 for a free one; the storage must be writable",
            ) from error
        if self.site.settings.quiet_period is not None:
            threading.Thread(target=self._rebuild, name="rebuilder", daemon=True).start()

    def stop(self) -> None:
        """Stop listening and close what is open; what was received stays known."""
        self._stopping.set()
        if self._rest is not None:
            self._rest.stop()
        self._scp.stop()
        self.site.close()

    def build(self) -> None:
        """Let XNAT's five quiet minutes pass: build sessions, and archive those that are to be."""
        self.site.build()

    def tree(self) -> Tree:
        """Return what the stand-in holds."""
        with self.site.lock:
            return tree_of(self.site.holdings.sessions())

    def receipts(self) -> tuple[Receipt, ...]:
        """Return what was stored, in the order it came."""
        with self.site.lock:
            return self.site.receipts.all()

    def _rebuild(self) -> None:
        quiet = self.site.settings.quiet_period or 0.0
        while not self._stopping.wait(max(quiet / _LOOKS, 0.01)):
            self.site.build(quiet)
