"""The stand-in: a DICOM server and a REST server over one emulated XNAT."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Self

from msgspec.structs import replace

from dicomferry import FerryError
from dicomferry.contract import Faults, Receipt, Tree
from dicomferry.xnat import Identifier
from dicomferry_plugins._stand_in.dicom.scp import StorageScp
from dicomferry_plugins._stand_in.rest.server import RestServer
from dicomferry_plugins._stand_in.site.settings import CHECKS, SiteSettings
from dicomferry_plugins._stand_in.site.site import StandInSite
from dicomferry_plugins._stand_in.site.tree import tree_of

_LOG = logging.getLogger(__name__)
_WARNING = "this is dicomferry's stand-in, not an XNAT: it emulates an XNAT receiver, to rehearse"


_BUILD_STEP = 0.01
"""Seconds between two looks at builds that take their time."""


class XnatStandIn:
    """A receiver that emulates an XNAT's.

    `storage` is a folder for the received files and `receipts.jsonl`; None keeps counts and digests
    only. `port` 0 takes a free port, which `port` holds after the start; so does `rest_port`, and
    None there starts no REST server. `prearchive_code` and `faults` replace the settings of these
    names.
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
        """The AE title of the DICOM server."""
        return self._scp.ae_title

    @property
    def host(self) -> str:
        """The address of both servers."""
        return self._scp.host

    @property
    def port(self) -> int:
        """The DICOM port."""
        return self._scp.port

    @property
    def url(self) -> str:
        """The root URL of the REST server; empty when there is none."""
        return self._rest.url if self._rest else ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start both servers; raises `FerryError` for a used address or an unusable storage."""
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
        """Stop both servers and close the storage; `tree` and `receipts` stay usable."""
        self._stopping.set()
        if self._rest is not None:
            self._rest.stop()
        self._scp.stop()
        self.site.close()

    def build(self) -> None:
        """Build all sessions, as XNAT does after five quiet minutes, and auto-archive them.

        Returns when builds that take their time are over, or stuck. Where a quiet period is set,
        these begin when it is over: to begin all at once would be more than was asked of it.
        """
        own_time = self.site.builder.takes_time and self.site.settings.quiet_period is not None
        if not own_time:
            self.site.build()
        while self.site.waits_for_builds() if own_time else self.site.go_on_building():
            time.sleep(_BUILD_STEP)

    def tree(self) -> Tree:
        """Return all sessions, scans and files of the stand-in."""
        with self.site.lock:
            return tree_of(self.site.holdings.sessions())

    def receipts(self) -> tuple[Receipt, ...]:
        """Return the receipts of the stored instances, in the order of arrival."""
        with self.site.lock:
            return self.site.receipts.all()

    def _rebuild(self) -> None:
        quiet = self.site.settings.quiet_period or 0.0
        check = max(quiet / CHECKS, _BUILD_STEP)
        if not self.site.builder.takes_time:
            while not self._stopping.wait(check):
                self.site.build(quiet)
            return
        due = time.monotonic() + check
        while not self._stopping.wait(_BUILD_STEP):
            self.site.go_on_building()
            if time.monotonic() >= due:
                self.site.build(quiet)
                due += check
