"""Start real DICOM receivers on free ports, and be sure that it is they who listen."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from support.patience import PATIENCE

HOST = "127.0.0.1"
_RESERVED = range(20_000, 32_768)
"""Ports that nobody gets who asks for any: Linux gives those from 32768 on."""


@dataclass(frozen=True)
class StoreScp:
    """A running dcmtk storescp; `folder` has one file for each instance that arrived."""

    port: int
    ae_title: str
    folder: Path
    process: subprocess.Popen[bytes]
    host: str = HOST

    def files(self) -> list[Path]:
        """Return what has arrived so far."""
        return sorted(path for path in self.folder.iterdir() if path.is_file())


@dataclass(frozen=True)
class Orthanc:
    """A running Orthanc, asked over its own REST interface."""

    port: int
    ae_title: str
    http_port: int
    process: subprocess.Popen[bytes]
    host: str = HOST

    def instances(self) -> list[str]:
        """Return Orthanc's identifiers of the instances it holds."""
        found = json.loads(self.get("/instances"))
        assert isinstance(found, list)
        return found

    def file(self, instance: str) -> bytes:
        """Return the stored Part 10 file."""
        return self.get(f"/instances/{instance}/file")

    def get(self, route: str) -> bytes:
        """Return what GET of `route` answers."""
        with urlopen(f"http://{self.host}:{self.http_port}{route}", timeout=PATIENCE) as answer:
            body: bytes = answer.read()
        return body


@contextmanager
def storescp(
    folder: Path, *, ae_title: str = "STORESCP", options: Sequence[str] = ()
) -> Iterator[StoreScp]:
    """Run storescp: any SOP class and transfer syntax, data sets kept bit for bit.

    A second arrival of an instance gives a second file, so that nothing is counted once in error.
    One association at a time; `options=["--fork"]` serves several.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = program("storescp")
    assert path is not None, "storescp is not installed"
    command = [path, "--aetitle", ae_title, "--output-directory", str(folder)]
    command += ["--promiscuous", "--accept-all", "--bit-preserving", "--unique-filenames", *options]
    with _listening(lambda ports: [*command, str(ports[0])], 1) as (process, ports):
        yield StoreScp(ports[0], ae_title, folder, process)


@contextmanager
def orthanc(folder: Path, *, ae_title: str = "ORTHANC", **settings: object) -> Iterator[Orthanc]:
    """Run Orthanc on the store in `folder`; `settings` are lines of its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    path = program("Orthanc")
    assert path is not None, "Orthanc is not installed"

    def command(ports: Sequence[int]) -> list[str]:
        configuration = {
            "DicomAet": ae_title,
            "DicomPort": ports[0],
            "HttpPort": ports[1],
            "StorageDirectory": str(folder / "store"),
            "IndexDirectory": str(folder / "store"),
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomAlwaysAllowStore": True,
            "DicomCheckCalledAet": True,
            "UnknownSopClassAccepted": True,
            "Plugins": [],
        }
        file = folder / "orthanc.json"
        file.write_text(json.dumps(configuration | settings))
        return [path, str(file)]

    with _listening(command, 2) as (process, ports):
        yield Orthanc(ports[0], ae_title, ports[1], process)


def dicomweb_plugin() -> Path | None:
    """Return the DICOMweb plug-in of Orthanc, where it is installed."""
    path = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
    return path if path.exists() else None


@dataclass(frozen=True)
class Dcmqrscp:
    """A running dcmqrscp, the query and retrieve server of dcmtk."""

    port: int
    ae_title: str
    process: subprocess.Popen[bytes]
    host: str = HOST


@contextmanager
def dcmqrscp(
    folder: Path, *, ae_title: str = "QRPACS", movers: Mapping[str, int] | None = None
) -> Iterator[Dcmqrscp]:
    """Run dcmqrscp on an empty store; `movers` are the move destinations it knows, with ports."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "store").mkdir()
    path = program("dcmqrscp")
    assert path is not None, "dcmqrscp is not installed"
    known = [f"m{i} = ({aet}, {HOST}, {port})" for i, (aet, port) in
             enumerate((movers or {}).items())]  # fmt: skip

    def command(ports: Sequence[int]) -> list[str]:
        lines = [
            f"NetworkTCPPort = {ports[0]}", "MaxPDUSize = 131072", "MaxAssociations = 16",
            "HostTable BEGIN", *known, "HostTable END", "VendorTable BEGIN", "VendorTable END",
            "AETable BEGIN", f"{ae_title} {folder / 'store'} RW (500, 1024mb) ANY", "AETable END",
        ]  # fmt: skip
        file = folder / "dcmqrscp.cfg"
        file.write_text("\n".join(lines) + "\n")
        return [path, "-c", str(file)]

    with _listening(command, 1) as (process, ports):
        yield Dcmqrscp(ports[0], ae_title, process)


def program(name: str) -> str | None:
    """Return the path of an installed program, also where only root looks; None without it.

    pynetdicom brings programs of the same names into the virtual environment: those are not meant.
    """
    own = Path(sys.executable).parent
    folders = [*os.get_exec_path(), "/usr/sbin", "/usr/local/sbin"]
    return shutil.which(name, path=os.pathsep.join(f for f in folders if Path(f) != own))


def free_port() -> int:
    """Return a port that was free a moment ago."""
    while True:
        port = secrets.choice(_RESERVED)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port


@contextmanager
def _listening(
    command: Callable[[Sequence[int]], list[str]], count: int
) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """Start a server on `count` free ports; another port when somebody else took it meanwhile."""
    for _ in range(5):
        ports = [free_port() for _ in range(count)]
        # dcmtk and Orthanc wait 40 ms for every message without it (Nagle's algorithm).
        environment = os.environ | {"TCP_NODELAY": "1"}
        process = subprocess.Popen(
            command(ports),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            if all(_wait_for(process, port) for port in ports):
                yield process, ports
                return
        finally:
            _stop(process)
    raise AssertionError("no server would listen on any of five free ports")


def _wait_for(process: subprocess.Popen[bytes], port: int) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if _listens(process.pid, port):
            return True
        time.sleep(0.02)
    return False


def _listens(pid: int, port: int) -> bool:
    """Tell whether process `pid` itself listens on `port` (proc(5), /proc/net/tcp)."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(FileNotFoundError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    held = set()
    with suppress(FileNotFoundError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                held.add(str(entry.readlink()))
    return bool(inodes & held)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(PATIENCE)
