"""TLS for an association (PS3.15 Annex B)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from dicomferry.errors import FerryError

if TYPE_CHECKING:
    import ssl


class Tls(Struct, frozen=True):
    """Files, as PEM, by which peers trust one another; empty means none of it is needed.

    `ca_file` holds who may sign the peer's certificate (empty: whom the operating system trusts);
    `certificate_file` and `key_file` are this side's own. `check_host_name` compares the peer's
    certificate with the host it was reached at; the certificates of PACS often name no host.
    """

    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    check_host_name: bool = True

    def context(self) -> ssl.SSLContext:
        """Return a client context that always verifies; raises `FerryError` naming a bad file."""
        import ssl

        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
        except OSError as error:
            raise _unusable(self.ca_file, "CA certificates", error) from error
        context.check_hostname = self.check_host_name
        if self.certificate_file:
            try:
                # An empty password, or OpenSSL would ask for it at the terminal.
                context.load_cert_chain(self.certificate_file, self.key_file or None, "")
            except OSError as error:
                raise _unusable(self.certificate_file, "certificate and key", error) from error
        return context


def _unusable(path: str, what: str, error: OSError) -> FerryError:
    return FerryError(
        f"{path}: unusable as {what}: {error.strerror or error}",
        hint="PEM files are wanted; a key must not be encrypted",
    )
