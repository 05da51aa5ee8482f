"""What XNAT's own classes made of objects, as recorded from a JVM for both generations of XNAT.

`identification_java.json` has the bytes of every element, the rules of the server, and by library
(dcm4che2 is XNAT up to 1.9, dcm4che3 the 1.10 line) what came out.
"""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any

import msgspec

from dicomferry.model import Forecast
from dicomferry.xnat.naming.options import Identification

Vector = dict[str, Any]
GENERATIONS = {"1.9": "dcm4che2", "1.10": "dcm4che3"}
_FOLDER = Path(__file__).parents[1] / "core" / "xnat" / "naming"
_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT"))
_LEVELS = ("project", "subject", "session", "auto_archive")


def java_vectors() -> list[Vector]:
    return _read("identification_java.json")


def raw_vectors() -> list[Vector]:
    return _read("identification_raw.json")


def _read(name: str) -> list[Vector]:
    vectors: list[Vector] = json.loads((_FOLDER / name).read_text())
    return vectors


def is_firm(vector: Vector, generation: str) -> bool:
    """Tell whether the result holds on every server; the others are notes."""
    depends = vector.get("depends_on_generations", list(GENERATIONS.values()))
    return "depends_on" not in vector or GENERATIONS[generation] not in depends


def is_implicit(vector: Vector) -> bool:
    return str(vector["encoding"]).startswith("implicit")


def data_set(vector: Vector) -> bytes:
    """Return the bytes of a vector's data set, each value as it stands there, padded if odd."""
    out = bytearray()
    for key, element in sorted(vector["raw_elements"].items()):
        value, vr = base64.b64decode(element["base64"]), element["vr"].encode()
        if len(value) % 2:
            value += b"\0" if vr in (b"UI", b"UN") else b" "
        out += struct.pack("<HH", int(key[:4], 16), int(key[4:], 16))
        if is_implicit(vector):
            out += struct.pack("<I", len(value))
        elif vr in _LONG:
            out += vr + bytes(2) + struct.pack("<I", len(value))
        else:
            out += vr + struct.pack("<H", len(value))
        out += value
    return bytes(out)


def options_of(server: Vector, generation: str) -> Identification:
    receiver = {level: rules for level, rules in server["receiver_rules"].items() if level != "aa"}
    declared = {
        "xnat": generation,
        "projects": server["projects"],
        "site": server["site_rules"],
        "receiver": receiver,
        "routing": server["routing"],
    }
    return msgspec.convert(declared, Identification)


def said(forecast: Forecast) -> Vector:
    """Return a forecast as the vectors have it; `unknown` alone where it cannot be told."""
    if forecast.unknown is not None:
        return {"unknown": True}
    if forecast.refused is not None:
        return {**dict.fromkeys(_LEVELS), "refused": True}
    place = forecast.destination
    return {
        "project": place.project,
        "subject": place.subject,
        "session": place.session,
        "auto_archive": str(forecast.auto_archive),
        "refused": False,
    }
