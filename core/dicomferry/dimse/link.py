"""A TCP or TLS connection that carries PDUs; every wait has a time limit."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import time
from collections.abc import Sequence

from dicomferry.dimse.association import AssociationLostError, UnreachableError
from dicomferry.dimse.wire import Buffer
from dicomferry.peer import Peer

_MOST_BUFFERS = 512  # of one sendmsg; Linux and macOS take 1024
_LONGEST_PDU = 1 << 20
_READ = 1 << 16
_MOST_UNSENT = 1 << 18
_ABORT = 0x07
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def connect(peer: Peer) -> Link:
    """Open the connection, with TLS where the peer has it; raises `UnreachableError`."""
    address, limit = (peer.host, peer.port), peer.timeouts.connect
    try:
        connection = socket.create_connection(address, limit)
    except OSError as error:
        raise unreachable(peer, error) from error
    except (
        UnicodeError,
        OverflowError,
    ) as error:  # a label over 63 characters, or a port over 65535
        raise UnreachableError(
            f"{peer} is unreachable: {error}", hint="check host and port"
        ) from error
    tune(connection)
    if peer.tls:
        plain = connection
        try:
            connection = peer.tls.context().wrap_socket(plain, server_hostname=peer.host)
        except OSError as error:
            plain.close()
            raise unreachable(peer, error) from error
        except BaseException:
            plain.close()
            raise
    return Link(connection, str(peer))


def tune(connection: socket.socket) -> None:
    """Set the options that storing over TCP needs."""
    # Nagle's algorithm with delayed acknowledgment would cost 40 ms per instance.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # The operating system must not buffer megabytes: the time limits could not see that a slow
    # peer still takes bytes.
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MOST_UNSENT)


_UNVERIFIED = (
    "ca: under tls: names the peer's certificate authority, or its own certificate; where that does"
    " not name the host, say check_host_name: false"
)


def unreachable(peer: Peer, error: OSError) -> UnreachableError:
    """Return the error for a failed connection, with a hint for its cause."""
    where = f"{peer.host}:{peer.port}"
    match error:
        case ssl.SSLCertVerificationError():
            words, hint = error.verify_message, _UNVERIFIED
        case ssl.SSLError():
            words, hint = error.reason or str(error), "does the peer speak TLS on this port?"
        case TimeoutError():
            words = f"no answer within {peer.timeouts.connect:g} s"
            hint = "is the host right, and does a firewall let the connection pass?"
        case socket.gaierror():
            words, hint = "the host name is not known", "check the spelling of host"
        case _:
            words, hint = (
                error.strerror or str(error),
                "is it running, and are host and port right?",
            )
    return UnreachableError(f"{peer} is unreachable at {where}: {words}", hint=hint)


class Link:
    """Sends buffers and receives complete PDUs; sending notices an abort by the peer."""

    def __init__(self, connection: socket.socket, name: str) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._name = name
        self._inbox = bytearray()
        self._poll = select.poll()

    def send(self, buffers: Sequence[Buffer], patience: float) -> None:
        """Write all of `buffers`; the peer must take some bytes every `patience` seconds.

        Raises `AssociationLostError`.
        """
        self._check_peer()
        queue = [memoryview(buffer) for buffer in buffers]
        at, until = 0, time.monotonic() + patience
        while at < len(queue):
            try:
                sent = self._write(queue[at : at + _MOST_BUFFERS])
            except _WOULD_BLOCK:
                self._wait(select.POLLIN | select.POLLOUT, until, "took nothing")
                self._check_peer()
                continue
            except OSError as error:
                raise self._loss(error) from error
            until = time.monotonic() + patience
            while at < len(queue) and sent >= len(queue[at]):
                sent -= len(queue[at])
                at += 1
            if sent:
                queue[at] = queue[at][sent:]

    def receive(self, until: float) -> tuple[int, bytes]:
        """Return the next PDU's type and variable field; raises when it is late.

        `until` is a time of the monotonic clock.
        """
        while (pdu := self._next_pdu()) is None:
            self._wait(select.POLLIN, until, "did not answer")
            if not self._read_arrived():
                raise AssociationLostError(f"{self._name} closed the connection")
        return pdu

    def waiting(self) -> bool:
        """Say whether the peer has sent bytes not received yet, or has closed the connection."""
        if self._inbox or not self._ready(select.POLLIN, 0):
            return bool(self._inbox)
        try:
            return not self._read_arrived() or bool(
                self._inbox
            )  # TLS sends records of its own, too
        except AssociationLostError:
            return True

    def close(self) -> None:
        """Close the connection; bytes not sent yet may be lost."""
        with contextlib.suppress(OSError):
            self._socket.close()

    def reset(self) -> None:
        """Close with a TCP reset, so that the peer sees a broken connection and no regular end."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def _write(self, buffers: list[memoryview]) -> int:
        if isinstance(self._socket, ssl.SSLSocket):
            return self._socket.send(b"".join(buffers))
        return self._socket.sendmsg(buffers)

    def _check_peer(self) -> None:
        """Raise if the peer has sent an abort meanwhile, or has closed the connection."""
        if not self._ready(select.POLLIN, 0):
            return
        open_still = self._read_arrived()
        if self._inbox[:1] == bytes([_ABORT]):
            raise AssociationLostError(f"{self._name} aborted the association")
        if not open_still:
            raise AssociationLostError(f"{self._name} closed the connection")

    def _read_arrived(self) -> bool:
        """Read the bytes that have arrived; return False when the peer has closed."""
        try:
            data = self._socket.recv(_READ)
        except _WOULD_BLOCK:
            return True
        except OSError as error:
            raise self._loss(error) from error
        self._inbox += data
        if len(self._inbox) > _LONGEST_PDU + _READ:
            raise AssociationLostError(f"{self._name} sends what nobody asked for")
        return bool(data)

    def _next_pdu(self) -> tuple[int, bytes] | None:
        if len(self._inbox) < 6:
            return None
        kind, length = struct.unpack_from(">BxI", self._inbox)
        if length > _LONGEST_PDU:
            raise AssociationLostError(f"{self._name} announced a PDU of {length} bytes")
        if len(self._inbox) < 6 + length:
            return None
        body = bytes(self._inbox[6 : 6 + length])
        del self._inbox[: 6 + length]
        return kind, body

    def _wait(self, events: int, until: float, failing: str) -> None:
        left = until - time.monotonic()
        if left <= 0 or not self._ready(events, left):
            raise AssociationLostError(f"{self._name} {failing} within the time limit", hung=True)

    def _ready(self, events: int, seconds: float) -> bool:
        # OpenSSL may hold decrypted bytes, which poll() does not see.
        if events & select.POLLIN and self._decrypted():
            return True
        self._poll.register(self._socket, events)
        return bool(self._poll.poll(seconds * 1000))

    def _decrypted(self) -> int:
        return self._socket.pending() if isinstance(self._socket, ssl.SSLSocket) else 0

    def _loss(self, error: OSError) -> AssociationLostError:
        """Return the error of a broken connection; an A-ABORT that arrived before explains it."""
        with contextlib.suppress(OSError):
            self._inbox += self._socket.recv(_READ)
        if self._inbox[:1] == bytes([_ABORT]):
            return AssociationLostError(f"{self._name} aborted the association")
        words = error.strerror or type(error).__name__
        return AssociationLostError(f"the connection to {self._name} broke: {words}")
