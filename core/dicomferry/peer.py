"""A peer: another application entity, its address, its time limits, and TLS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from dicomferry.errors import FerryError

if TYPE_CHECKING:
    import ssl

_AE_TITLE = re.compile(r"(?=.*[^ ])[ -\[\]-~]{1,16}")


class Timeouts(Struct, frozen=True):
    """The time limits for a peer, in seconds of the monotonic clock.

    `connect` is for TCP and TLS, `association` for the answers to an association request and to a
    release. `response` is for the C-STORE response, counted from the last byte that the operating
    system took; during the data set it limits the time in which the peer takes no byte.
    """

    connect: float = 10.0
    association: float = 30.0
    response: float = 120.0


class UserIdentity(Struct, frozen=True):
    """A user name and an optional passcode (PS3.7 D.3.3.7)."""

    user_name: str
    passcode: str = ""

    def __repr__(self) -> str:
        return f"UserIdentity({self.user_name!r})"


class Tls(Struct, frozen=True):
    """The PEM files of a TLS connection (PS3.15 Annex B), each optional.

    `ca_file` holds the authorities that may sign the peer's certificate (empty: the operating
    system's). `certificate_file` and `key_file` are this side's own. `check_host_name` compares
    the peer's certificate with its host; certificates of PACS often name none.
    """

    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    check_host_name: bool = True

    def context(self) -> ssl.SSLContext:
        """Return a client context that verifies the peer; raises `FerryError` for a bad file."""
        import ssl

        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
        except OSError as error:
            raise _unusable(self.ca_file, "CA certificates", error) from error
        context.check_hostname = self.check_host_name
        if self.certificate_file:
            try:
                # Without a password argument, OpenSSL would ask for one at the terminal.
                context.load_cert_chain(self.certificate_file, self.key_file or None, "")
            except OSError as error:
                raise _unusable(self.certificate_file, "certificate and key", error) from error
        return context


class Peer(Struct, frozen=True):
    """The application entity to associate with; this side announces `max_pdu_length` bytes.

    `charset` is the Specific Character Set (PS3.3 C.12.1.1.2) of answers that name none.
    """

    host: str
    port: int
    called_ae_title: str
    calling_ae_title: str
    timeouts: Timeouts = Timeouts()
    tls: Tls | None = None
    user_identity: UserIdentity | None = None
    max_pdu_length: int = 65536
    charset: str = ""

    def __post_init__(self) -> None:
        for title in (self.called_ae_title, self.calling_ae_title):
            if not _AE_TITLE.fullmatch(title):
                raise FerryError(
                    f"{title!r} is not an AE title",
                    hint="an AE title is 1 to 16 ASCII characters without a backslash (PS3.5 6.2)",
                )

    def __str__(self) -> str:
        return f"{self.called_ae_title}@{self.host}:{self.port}"


def _unusable(path: str, what: str, error: OSError) -> FerryError:
    return FerryError(
        f"{path}: unusable as {what}: {error.strerror or error}",
        hint="PEM files are wanted; a key must not be encrypted",
    )
