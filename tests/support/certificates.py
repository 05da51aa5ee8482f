"""Certificates made by openssl, each of which vouches for itself."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.servers import HOST


@dataclass(frozen=True)
class Identity:
    """A self-signed certificate with its key."""

    certificate: str
    key: str


def identity(folder: Path, name: str, host: str = f"IP:{HOST}") -> Identity:
    """Make a certificate for the loopback address, or another `host`.

    Skips the test where there is no openssl.
    """
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed: sudo apt-get install openssl")
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    command = [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={name}", "-addext", f"subjectAltName={host}"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return Identity(str(certificate), str(key))
