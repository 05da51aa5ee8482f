"""Replays: what a manifest lists is sent elsewhere, and its bytes are compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from blake3 import blake3
from msgspec import Struct
from msgspec.structs import replace

from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.pipeline.own_sinks import TO_FOLDER, TO_RECEIVER, FolderOptions
from dicomferry.engine.pipeline.steps import build_steps
from dicomferry.engine.provenance.lock_file import drift, make_lock
from dicomferry.engine.provenance.manifest import Entry, read_entries, read_head
from dicomferry.engine.provenance.manifests import ManifestDifference, compare
from dicomferry.engine.session.job import Job
from dicomferry.engine.session.run import RunResult
from dicomferry.engine.session.session import open_session
from dicomferry.engine.workers.workshop import Progress
from dicomferry.errors import FerryError
from dicomferry.host import Plugins
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.model import Location
from dicomferry.recipe.recipe import Recipe, Step
from dicomferry.recipe.servers import XnatDicom, XnatServer

_STEP = "replay"
_SHOWN = 10
_CHUNK = 1 << 20


class ReplayReceiver(Struct, frozen=True):
    """A DICOM receiver to replay to."""

    host: str
    port: int
    ae_title: str


Target = Path | ReplayReceiver
"""Where a replay goes: a folder, or a receiver in place of the recipe's own."""


class Replayed(Struct, frozen=True):
    """What came of a replay: how many instances the manifest has, and the first differences.

    `different` counts all of them, `unproved` those of which the manifest has no digest.
    """

    instances: int
    identical: int
    unproved: int
    different: int
    first: tuple[ManifestDifference, ...]

    @property
    def same(self) -> bool:
        """Tell whether every instance is proved to be the same, and there was one at least."""
        return 0 < self.identical == self.instances and not self.different


def redirected(recipe: Recipe, target: Target) -> Recipe:
    """Return a recipe whose only sink is `target`; what XNAT will call everything stays the same.

    An association with a receiver has the calling AE title and the timeouts of the recipe's XNAT,
    and there are as many associations.
    """
    servers = _servers_in_use(recipe)
    if isinstance(target, Path):
        return _with_sink(recipe, servers, TO_FOLDER, FolderOptions(str(target.absolute())))
    xnats = (server.dicom for server in servers.values() if isinstance(server, XnatServer))
    dicom = next(xnats, XnatDicom(host=target.host))
    pointed = replace(dicom, host=target.host, port=target.port, ae_title=target.ae_title, tls=None)
    return _with_sink(recipe, servers, TO_RECEIVER, pointed)


def replay_elsewhere(
    manifest: Path, recipe: Recipe, plugins: Plugins, target: Target | None, progress: Progress
) -> tuple[Replayed, list[str]]:
    """Replay a manifest to `target`, or to a folder that is gone afterwards.

    Return what came of it, and a line for each part of the run's lock that differs now.
    """
    lock = make_lock(recipe, plugins, build_steps(recipe, plugins))
    drifted = drift(read_head(manifest).lock, lock, ("then", "now"))
    with TemporaryDirectory(prefix="dicomferry-replay-") as scratch:
        target = target or Path(scratch, "files")
        pointed = redirected(recipe, target)
        job = Job(pointed, plugins, Path(scratch, "state"), progress)
        return replay(manifest, job, target), drifted


def replay(manifest: Path, job: Job, target: Target) -> Replayed:
    """Carry out `job`, whose recipe was redirected to `target`, and compare it with a manifest.

    `job` has a state folder of its own. Only what the manifest lists as stored is sent. Raises
    `FerryError` where the recipe cannot be planned any more, or the receiver is not there.
    """
    with open_session(job) as session:
        planned = session.plan(labels=read_head(manifest).labels)
        PlanWriter(session.ledger).keep_only(entry.sop for entry in _stored(manifest))
        report = session.run(planned, None)
    _raise_for(report)
    folder = target if isinstance(target, Path) else None
    with compare(_proved(manifest), _read_back(report.manifest, folder)) as comparison:
        first: list[ManifestDifference] = []
        different = 0
        for difference in comparison.differences():
            different += 1
            first += [difference] * (len(first) < _SHOWN)
        proved = comparison.count()
        unproved = sum(1 for entry in _once(manifest) if not entry.sent)
        return Replayed(
            proved + unproved, max(0, proved - different), unproved, different, tuple(first)
        )


def _servers_in_use(recipe: Recipe) -> dict[str, object]:
    """Return the recipe's servers, those that its sinks deliver to first: they decide the names."""
    named = {str(getattr(step.options, "server", "")) for step in recipe.sinks}
    first = {name: server for name, server in recipe.servers.items() if name in named}
    return {**first, **recipe.servers}


def _with_sink(
    recipe: Recipe, servers: dict[str, object], component: str, options: object
) -> Recipe:
    step = Step("sink", component, options, _STEP, None, "sinks[0]", recipe.sinks[0].place)
    return replace(recipe, servers=servers, sinks=(step,))


def _stored(manifest: Path) -> Iterator[Entry]:
    for entry in read_entries(manifest):
        if entry.outcome == "stored":
            yield entry


def _once(manifest: Path) -> Iterator[Entry]:
    """Yield every instance that a manifest lists as stored, once for all its sinks."""
    seen: set[bytes] = set()
    for entry in _stored(manifest):
        # A short digest of the key: a million instances are 16 MB.
        key = hashlib.blake2b(f"{entry.sop}\0{entry.sent_sop}".encode(), digest_size=16).digest()
        if key not in seen:
            seen.add(key)
            yield _plain(entry)


def _proved(manifest: Path) -> Iterator[Entry]:
    return (entry for entry in _once(manifest) if entry.sent)


def _read_back(manifest: Path, folder: Path | None) -> Iterator[Entry]:
    """Yield what a replay brought; `sent` is read back from the folder, where there is one."""
    for entry in read_entries(manifest):
        if not entry.sink:
            yield entry
        elif entry.outcome != "stored":
            yield replace(_plain(entry), outcome=f"{entry.outcome}: {entry.reason}")
        elif folder is None:
            yield _plain(entry)
        else:
            yield replace(_plain(entry), sent=_digest(folder / entry.reason, entry))


def _plain(entry: Entry) -> Entry:
    # A replay has a sink of its own: the name and the answer of a sink are not compared.
    return replace(entry, sink=_STEP, reason="")


def _digest(path: Path, entry: Entry) -> str:
    """Return the digest of a data set without its untouched end; empty where that was touched."""
    location = Location(str(path))
    digest = blake3()
    try:
        with open_instance(open_blob(location), location) as instance:
            data_set = instance.data_set(instance.header)
            left = data_set.length - entry.untouched
            for chunk in data_set.chunks():
                digest.update(chunk[: max(0, left)])
                left -= len(chunk)
        same = _same_end(location, Location(entry.path, entry.member), entry.untouched)
    except (FerryError, OSError):
        return ""
    return digest.hexdigest() if same else ""


def _same_end(first: Location, second: Location, length: int) -> bool:
    """Say whether the last `length` bytes of two files are the same."""
    if not length:
        return True
    with closing(open_blob(first)) as one, closing(open_blob(second)) as other:
        return all(
            one.read(one.size - left, size) == other.read(other.size - left, size)
            for left in range(length, 0, -_CHUNK)
            for size in (min(left, _CHUNK),)
        )


def _raise_for(report: RunResult) -> None:
    for tally in report.tallies.values():
        if tally.unreachable:
            raise FerryError(tally.unreachable, hint=tally.hint)
