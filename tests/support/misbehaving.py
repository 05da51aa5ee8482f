"""A storage SCP on plain sockets, independent of the product, that misbehaves when told to."""

from __future__ import annotations

import hashlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from support.patience import PATIENCE, until

HOST = "127.0.0.1"
AE_TITLE = "XNAT"
ABORT = bytes([7, 0, 0, 0, 0, 4, 0, 0, 2, 0])
RELEASE_RQ = bytes([5, 0, 0, 0, 0, 4, 0, 0, 0, 0])
RELEASE_RP = bytes([6, 0, 0, 0, 0, 4, 0, 0, 0, 0])


class GoneError(Exception):
    """The requestor closed the connection, or the script ended it."""


@dataclass(frozen=True)
class Received:
    """One C-STORE-RQ as it came in, whole."""

    number: int
    message_id: int
    sop_class_uid: str
    sop_instance_uid: str
    context: tuple[str, str]
    length: int
    sha256: str
    longest_pdu: int
    association: int


Answer = Callable[["Conversation", Received], None]


@dataclass
class Receiver:
    """What the receiver does, and the evidence of what it saw.

    `answers` are for the nth C-STORE of all (from 1); `status` is for all others, which are
    answered. `reading` is called with the count of bytes read on a connection so far.
    """

    max_pdu: int = 16384
    called: str = AE_TITLE
    reject: tuple[int, int, int] | None = None
    takes: Callable[[str, str], bool] = lambda sop_class, syntax: True
    status: Callable[[Received], int] = lambda received: 0
    answers: dict[int, Answer] = field(default_factory=dict)
    reading: Callable[[Conversation, int], None] = lambda conversation, count: None
    tls: ssl.SSLContext | None = None

    host: str = HOST
    port: int = 0
    received: list[Received] = field(default_factory=list)
    stored: list[Received] = field(default_factory=list)
    associations: int = 0
    proposed: list[list[tuple[str, str]]] = field(default_factory=list)
    endings: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    counting: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ae_title(self) -> str:
        """The AE title it answers to."""
        return self.called

    def instances(self) -> dict[str, str]:
        """Return what it has: SOP Instance UID to SHA-256 of the data set."""
        return {one.sop_instance_uid: one.sha256 for one in self.stored}

    @property
    def ends(self) -> list[str]:
        """How the associations ended, once all have: a requestor does not wait for its peer."""
        until(lambda: len(self.endings) == self.associations)
        return self.endings


def held_back(after: int, until_set: threading.Event) -> Callable[[Received], int]:
    """Return a status that is told for the first instances at once, and for others when let go."""

    def status(received: Received) -> int:
        if received.number > after:
            until_set.wait()
        return 0

    return status


class Conversation:
    """One connection, from its request to its end."""

    def __init__(self, receiver: Receiver, connection: socket.socket) -> None:
        self.receiver = receiver
        self.connection = connection
        self.count = 0
        self.contexts: dict[int, tuple[str, str]] = {}
        with receiver.counting:
            receiver.associations += 1
            self.ordinal = receiver.associations

    def run(self) -> None:
        """Serve until the end, and note how it ended."""
        end = "closed"
        try:
            if self._negotiate():
                end = self._serve()
        except GoneError:
            pass
        except OSError:
            end = "broken"
        finally:
            self.receiver.endings.append(end)
            self.connection.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(data)

    def reset(self) -> None:
        """Break the connection."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        raise GoneError

    def hang(self) -> None:
        """Say nothing until the test is over."""
        self.receiver.closing.wait()
        raise GoneError

    def keep(self, received: Received) -> None:
        """Store an instance."""
        self.receiver.stored.append(received)

    def _negotiate(self) -> bool:
        kind, body = self._pdu()
        assert kind == 1
        called = body[4:20].decode().strip()
        if self.receiver.reject or called != self.receiver.called:
            numbers = self.receiver.reject or (1, 1, 7)
            self.send(bytes([3, 0, 0, 0, 0, 4, 0, *numbers]))
            return False
        answers = b""
        proposed = []
        for item, value in _items(body[68:]):
            if item == 0x20:
                subitems = dict(_items(value[4:]))
                pair = subitems[0x30].decode(), subitems[0x40].decode()
                proposed.append(pair)
                taken = self.receiver.takes(*pair)
                if taken:
                    self.contexts[value[0]] = pair
                answer = bytes([value[0], 0, 0 if taken else 3, 0]) + _item(0x40, subitems[0x40])
                answers += _item(0x21, answer)
        self.receiver.proposed.append(proposed)
        user = _item(0x51, struct.pack(">I", self.receiver.max_pdu)) + _item(0x52, b"1.2.3")
        answers = _item(0x10, b"1.2.840.10008.3.1.1.1") + answers + _item(0x50, user)
        accept = body[:68] + answers
        self.send(struct.pack(">BBI", 2, 0, len(accept)) + accept)
        return True

    def _serve(self) -> str:
        command, data, context, length, longest = b"", hashlib.sha256(), 0, 0, 0
        while True:
            kind, body = self._pdu()
            if kind == 5:
                self.send(RELEASE_RP)
                return "released"
            if kind in (6, 7):
                return "agreed to release" if kind == 6 else "aborted"
            assert kind == 4, kind
            longest = max(longest, len(body))
            for context, control, fragment in _pdvs(body):
                if control & 1:
                    command += fragment
                    continue
                data.update(fragment)
                length += len(fragment)
                if control & 2:
                    self._answer(command, context, length, data.hexdigest(), longest)
                    command, data, length, longest = b"", hashlib.sha256(), 0, 0

    def _answer(self, command: bytes, context: int, length: int, sha: str, longest: int) -> None:
        values = _elements(command)
        with self.receiver.counting:
            received = Received(
                len(self.receiver.received) + 1,
                int.from_bytes(values[0x0110], "little"),
                values[0x0002].decode().rstrip("\0"),
                values[0x1000].decode().rstrip("\0"),
                self.contexts[context],
                length,
                sha,
                longest,
                self.ordinal,
            )
            self.receiver.received.append(received)
        if script := self.receiver.answers.get(received.number):
            script(self, received)
            return
        status = self.receiver.status(received)
        if status in (0, 0xB000):
            self.keep(received)
        self.send(response(received, status, context=context))

    def _pdu(self) -> tuple[int, bytes]:
        kind, length = struct.unpack(">BxI", self._read(6))
        return kind, self._read(length)

    def _read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            more = self.connection.recv(min(length - len(data), 1 << 16))
            if not more:
                raise GoneError
            data += more
            self.count += len(more)
            self.receiver.reading(self, self.count)
        return data


def response(
    received: Received, status: int, *, context: int = 1, message_id: int = 0, comment: bytes = b""
) -> bytes:
    """Return a whole C-STORE-RSP in one PDU."""
    return p_data(command_set(received, status, message_id, comment), 3, context)


def command_set(
    received: Received, status: int, message_id: int = 0, comment: bytes = b""
) -> bytes:
    """Return a C-STORE-RSP's command set, encoded."""
    elements = [
        (0x0002, _even(received.sop_class_uid)),
        (0x0100, struct.pack("<H", 0x8001)),
        (0x0120, struct.pack("<H", message_id or received.message_id)),
        (0x0800, struct.pack("<H", 0x0101)),
        (0x0900, struct.pack("<H", status)),
    ]
    if comment:
        elements.append((0x0902, comment))
    elements.append((0x1000, _even(received.sop_instance_uid)))
    body = b"".join(struct.pack("<HHI", 0, tag, len(value)) + value for tag, value in elements)
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def p_data(fragment: bytes, control: int, context: int = 1) -> bytes:
    """Return a P-DATA-TF PDU with one PDV."""
    item = struct.pack(">IBB", len(fragment) + 2, context, control) + fragment
    return struct.pack(">BBI", 4, 0, len(item)) + item


@contextmanager
def serving(receiver: Receiver) -> Iterator[Receiver]:
    """Run `receiver` on a free port, one thread to a connection."""
    with socket.create_server((HOST, 0), backlog=16) as listener:
        # Little of what is sent waits in the receiver's operating system.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
        receiver.port = listener.getsockname()[1]
        threads: list[threading.Thread] = []
        accepting = threading.Thread(target=_accept, args=(receiver, listener, threads))
        accepting.start()
        try:
            yield receiver
        finally:
            receiver.closing.set()
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join(PATIENCE)
            for thread in threads:
                thread.join(PATIENCE)


def _accept(receiver: Receiver, listener: socket.socket, threads: list[threading.Thread]) -> None:
    while not receiver.closing.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(PATIENCE)
        thread = threading.Thread(target=_converse, args=(receiver, connection))
        threads.append(thread)
        thread.start()


def _converse(receiver: Receiver, connection: socket.socket) -> None:
    if receiver.tls:
        try:
            connection = receiver.tls.wrap_socket(connection, server_side=True)
        except OSError:
            with suppress(OSError):
                connection.close()
            return
    Conversation(receiver, connection).run()


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        kind, length = struct.unpack_from(">BxH", data)
        yield kind, data[4 : 4 + length]
        data = data[4 + length :]


def _item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(value)) + value


def _pdvs(body: bytes) -> Iterator[tuple[int, int, bytes]]:
    while body:
        length, context, control = struct.unpack_from(">IBB", body)
        yield context, control, body[6 : 4 + length]
        body = body[4 + length :]


def _elements(data: bytes) -> dict[int, bytes]:
    found = {}
    while data:
        element, length = struct.unpack_from("<2xHI", data)
        found[element] = data[8 : 8 + length]
        data = data[8 + length :]
    return found


def _even(uid: str) -> bytes:
    return uid.encode() + b"\0" * (len(uid) % 2)
