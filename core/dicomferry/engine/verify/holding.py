"""Collect the instances of one session that XNAT lists, and the places that list them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from dicomferry.engine.verify.verdict import HoldingPlace
from dicomferry.ledger.reading.expected import ExpectedInstance, ExpectedSession
from dicomferry.xnat.filing.scans import uid_hash
from dicomferry.xnat.rest import HeldFile, RestClient, is_under_way
from dicomferry.xnat.rest.files import read_uid


class Holding:
    """Collects what XNAT holds of one session. An instance counts once, in whichever place it is.

    The reconciler adds the forecast place in the archive first.
    """

    def __init__(self, session: ExpectedSession) -> None:
        self.expected = {i.sop_instance_uid: i for i in session.instances}
        self.places: list[HoldingPlace] = []
        self.held: dict[str, HeldFile] = {}
        self.foreign: list[str] = []
        """what the session's own place holds beside the plan: UIDs, or names of files"""
        self.note = ""
        """why the reconciler could not search other places"""
        self._home = session.destination
        self._homed: set[str] = set()
        self._strayed: set[str] = set()
        self._unnamed: list[tuple[HeldFile, HoldingPlace]] = []

    @property
    def missing(self) -> tuple[ExpectedInstance, ...]:
        """Return the planned instances that no place holds."""
        return tuple(i for uid, i in self.expected.items() if uid not in self.held)

    @property
    def at_home(self) -> bool:
        """Tell whether every planned instance is in the archive, in the forecast session."""
        return len(self._homed) == len(self.expected)

    @property
    def astray(self) -> bool:
        """Tell whether a planned instance is in another session than the forecast one."""
        return bool(self._strayed)

    @property
    def under_way(self) -> bool:
        """Tell whether XNAT still works on a place that may hold an instance."""
        return any(place.status and is_under_way(place.status) for place in self.places)

    @property
    def unlisted(self) -> bool:
        """Tell whether XNAT cannot list the files of some place."""
        return any(place.files is None for place in self.places)

    def add(self, place: HoldingPlace) -> None:
        """Add a place and the instances that it holds."""
        self.places.append(place)
        for file in place.files or ():
            uid = file.sop_instance_uid or self._named(file)
            if uid:
                self._note(uid, file, place)
            else:
                self._unnamed.append((file, place))

    def look_into_headers(self, client: RestClient) -> None:
        """Read the headers of files whose instance is not known, while instances are missing."""
        unnamed, self._unnamed = self._unnamed, []
        for file, place in unnamed:
            if self.missing:
                self._note(read_uid(client, file), file, place)
            else:
                self._note("", file, place)

    @cached_property
    def _by_hash(self) -> Mapping[str, list[str]]:
        """The planned instances by the hash that ends a file's name; catalogs spare us that."""
        by_hash: dict[str, list[str]] = defaultdict(list)
        for uid, instance in self.expected.items():
            by_hash[uid_hash(instance.sop_class_uid, uid)].append(uid)
        return by_hash

    def _named(self, file: HeldFile) -> str:
        # Two instances of a session can have the same 32-bit hash: then read their headers.
        known = self._by_hash.get(file.uid_hash, [])
        return known[0] if len(known) == 1 else ""

    def _note(self, uid: str, file: HeldFile, place: HoldingPlace) -> None:
        home = (place.destination.project, place.destination.session) == (
            self._home.project,
            self._home.session,
        )
        if uid not in self.expected:
            if home:
                self.foreign.append(uid or file.name)
            return
        if uid in self.held:
            return
        self.held[uid] = file
        if not home:
            self._strayed.add(uid)
        elif not place.status:
            (self._homed if place.destination == self._home else self._strayed).add(uid)
