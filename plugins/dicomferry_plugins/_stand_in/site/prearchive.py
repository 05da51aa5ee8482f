"""The sessions of a prearchive: each is found without a look at the others."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from dicomferry.xnat import PrearchiveKey
from dicomferry_plugins._stand_in.site.sessions import ReceivedSession

_Sessions = dict[int, ReceivedSession]
"""Sessions by `id`, in order of arrival: two sessions may be alike."""


class Prearchive:
    """A collection of sessions, in order of arrival. Used under the owner's lock."""

    def __init__(self) -> None:
        self._sessions: _Sessions = {}
        self._by_key: dict[PrearchiveKey, _Sessions] = {}
        self._by_timestamp: dict[str, ReceivedSession] = {}

    def __iter__(self) -> Iterator[ReceivedSession]:
        return iter(self._sessions.values())

    def __len__(self) -> int:
        return len(self._sessions)

    def __contains__(self, session: ReceivedSession) -> bool:
        return id(session) in self._sessions

    def of_key(self, key: PrearchiveKey) -> ReceivedSession | None:
        """Return the first session of a key."""
        return next(iter(self._by_key.get(key, {}).values()), None)

    def at(self, timestamp: str) -> ReceivedSession | None:
        """Return the session of a timestamp: no two have the same."""
        return self._by_timestamp.get(timestamp)

    def add(self, session: ReceivedSession) -> None:
        """Take in a session that has its timestamp."""
        self._sessions[id(session)] = session
        self._by_key.setdefault(session.key, {})[id(session)] = session
        self._by_timestamp[session.timestamp] = session

    def remove(self, session: ReceivedSession) -> None:
        """Let go of a session."""
        del self._sessions[id(session)]
        self._forget_key(session)
        del self._by_timestamp[session.timestamp]

    def move(self, session: ReceivedSession, project: str) -> None:
        """Give a session another project; it goes behind those of its new key."""
        self._forget_key(session)
        session.destination = replace(session.destination, project=project)
        self._by_key.setdefault(session.key, {})[id(session)] = session

    def _forget_key(self, session: ReceivedSession) -> None:
        alike = self._by_key[session.key]
        del alike[id(session)]
        if not alike:
            del self._by_key[session.key]
