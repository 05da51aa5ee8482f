"""What lies in the spool is what came: a file that was damaged there is retrieved anew."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread

from support import pacs, servers
from support.cli import ferry
from support.pacs_recipes import csv_source, pacs_recipe
from support.scripted_pacs import Script, scripted

ROWS = "Accession Number,Subject\nA0001,S1\n"


def overwrite(at: int) -> Callable[[Path], None]:
    """Return what overwrites two bytes and keeps size and time, as a failing disk does."""

    def damage(file: Path) -> None:
        data, status = bytearray(file.read_bytes()), file.stat()
        data[at] ^= 0xFF
        data[at + 1] ^= 0xFF
        file.write_bytes(data)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

    return damage


DAMAGES = {
    "pixels": overwrite(-2),
    "a-header": overwrite(400),
    "cut-short": lambda file: file.write_bytes(file.read_bytes()[:-10]),
    "emptied": lambda file: file.write_bytes(b""),
    "removed": lambda file: file.unlink(),
    "without-its-digest": lambda file: file.with_suffix(".blake3").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_of_the_spool_is_retrieved_anew(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    held = [dcmread(path) for path in pacs.study(tmp_path / "in", 1, instances=3)]
    port = servers.free_port()
    nobody = servers.StoreScp(port, "STORESCP", tmp_path, None)  # type: ignore[arg-type]
    spool = tmp_path / ".dicomferry" / "wanted" / "spool"
    with scripted(held, Script()) as server:
        recipe = pacs_recipe(tmp_path, server, nobody, csv_source(tmp_path, ROWS), retrieve="c-get")
        away = ferry("run", recipe)
        damage(min(spool.glob("*.ferry")))
        with servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat:
            recipe.write_text(recipe.read_text().replace(f"port: {port}", f"port: {xnat.port}"))
            result = ferry("run", recipe)
            arrived = {one.SOPInstanceUID: one for one in map(dcmread, xnat.files())}

    assert away.returncode == 1
    assert result.returncode == 0, result.stdout + result.stderr
    assert {uid: one.PixelData for uid, one in arrived.items()} == {
        one.SOPInstanceUID: one.PixelData for one in held
    }
    assert sorted(Counter(server.sent).values()) == [1, 1, 2]
    assert not list(spool.iterdir())
