"""Whether a run done again gives the same bytes, and how two runs differ."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from dicomferry.engine.provenance.manifests import ManifestDifference
from dicomferry.engine.session.replay import Replayed


class ReplayReport(Struct, frozen=True):
    """What came of a replay of `instances` instances.

    `same` says that there was an instance, and that each one is proved to be the same. `unproved`
    counts those of which the manifest has no digest. `different` counts all that differ, and
    `differences` has the first of them. `changed_since` names what differs from the run's lock.
    """

    same: bool
    instances: int
    identical: int
    unproved: int
    different: int
    differences: tuple[ManifestDifference, ...]
    changed_since: tuple[str, ...]


class ManifestContrast(Struct, frozen=True):
    """How two runs differ by their manifests: a line for each difference."""

    differences: tuple[str, ...]


def replay_report(result: Replayed, changed_since: Sequence[str]) -> ReplayReport:
    """Return what came of a replay as a report."""
    return ReplayReport(
        result.same, result.instances, result.identical, result.unproved, result.different,
        result.first, tuple(changed_since),
    )  # fmt: skip
