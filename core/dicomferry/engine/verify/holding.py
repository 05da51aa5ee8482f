"""Which instances of a session were found, and where."""

from __future__ import annotations

from collections import defaultdict

from dicomferry.engine.verify.verdict import HoldingPlace
from dicomferry.ledger.reading.expected import ExpectedInstance, ExpectedSession
from dicomferry.xnat.filing.scans import uid_hash
from dicomferry.xnat.rest import HeldFile, RestClient, is_under_way
from dicomferry.xnat.rest.files import read_uid


class Holding:
    """Gathers what XNAT holds of one session. Every instance counts once, wherever it is.

    Places are added the forecast one in the archive first.
    """

    def __init__(self, session: ExpectedSession) -> None:
        self.expected = {i.sop_instance_uid: i for i in session.instances}
        self.places: list[HoldingPlace] = []
        self.held: dict[str, HeldFile] = {}
        self.foreign: list[str] = []
        """what else is in the session's own place: UIDs, or names of files"""
        self.note = ""
        """where it could not be looked for"""
        self._home = session.destination
        self._homed: set[str] = set()
        self._strayed: set[str] = set()
        self._unnamed: list[tuple[HeldFile, HoldingPlace]] = []
        self._by_hash: dict[str, list[str]] = defaultdict(list)
        for uid, instance in self.expected.items():
            self._by_hash[uid_hash(instance.sop_class_uid, uid)].append(uid)

    @property
    def missing(self) -> tuple[ExpectedInstance, ...]:
        """Return what was found nowhere."""
        return tuple(i for uid, i in self.expected.items() if uid not in self.held)

    @property
    def at_home(self) -> bool:
        """Tell whether all of it is in the archive, where it was forecast."""
        return len(self._homed) == len(self.expected)

    @property
    def astray(self) -> bool:
        """Tell whether something of it is in another session than the forecast one."""
        return bool(self._strayed)

    @property
    def under_way(self) -> bool:
        """Tell whether XNAT is still at work on a part of it."""
        return any(place.status and is_under_way(place.status) for place in self.places)

    @property
    def unlisted(self) -> bool:
        """Tell whether a place does not say what it holds."""
        return any(place.files is None for place in self.places)

    def add(self, place: HoldingPlace) -> None:
        """Take in what a place holds."""
        self.places.append(place)
        for file in place.files or ():
            uid = file.sop_instance_uid or self._named(file)
            if uid:
                self._note(uid, file, place)
            else:
                self._unnamed.append((file, place))

    def look_into_headers(self, client: RestClient) -> None:
        """Read the header of files that nothing else names, while something is missing."""
        unnamed, self._unnamed = self._unnamed, []
        for file, place in unnamed:
            if self.missing:
                self._note(read_uid(client, file), file, place)
            else:
                self._note("", file, place)

    def _named(self, file: HeldFile) -> str:
        # Two instances of a session with one hash of 32 bits: their headers tell them apart.
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
