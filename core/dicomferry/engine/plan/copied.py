"""Copies of stored files that lost their times: known by their bytes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from blake3 import blake3

from dicomferry.contract.source import Look
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.provenance.manifest import read_entries
from dicomferry.engine.workers.apart import apart
from dicomferry.engine.workers.workshop import Workshop
from dicomferry.errors import FerryError
from dicomferry.ledger.planning.whereabouts import Retimed, retimed
from dicomferry.ledger.rows import Item

_CHUNK: Final = 1 << 20


def copied_without_times(shop: Workshop, scan: int) -> Iterator[int]:
    """Yield the ids of items with the very bytes that a manifest says were stored."""
    candidates = list(retimed(shop.ledger, scan))
    inputs = _inputs(shop, candidates)
    known = {one.item.id: inputs.get((one.run, one.sop)) for one in candidates}
    items = [one.item for one in candidates if known[one.item.id]]
    if items:
        found = apart(partial(_digests, items))
        yield from (item for item, digest in found if digest == known[item])


def _inputs(shop: Workshop, candidates: list[Retimed]) -> dict[tuple[int, str], str]:
    """Return the digests of the files that runs stored, by run and SOP Instance UID as sent."""
    wanted = {(one.run, one.sop) for one in candidates}
    found: dict[tuple[int, str], str] = {}
    for run in {one.run for one in candidates}:
        manifest = shop.ledger.path.parent / "manifests" / f"run-{run}.jsonl"
        try:
            for entry in read_entries(manifest):
                if (run, entry.sent_sop) in wanted and entry.input:
                    found[run, entry.sent_sop] = entry.input
        except (FerryError, OSError):
            continue  # without the manifest nobody knows the bytes: they are sent again
    return found


def _digests(items: list[Item], look: Look) -> Iterator[tuple[int, str]]:
    for item in items:
        look(item.location.path)
        yield item.id, _digest(item)


def _digest(item: Item) -> str:
    digest = blake3()
    try:
        blob = open_blob(item.location)
        try:
            for at in range(0, blob.size, _CHUNK):
                digest.update(blob.read(at, min(_CHUNK, blob.size - at)))
        finally:
            blob.close()
    except (FerryError, OSError):
        return ""
    return digest.hexdigest()
