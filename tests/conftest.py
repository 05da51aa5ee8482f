"""What every room of tests shares: the programs they talk to, and no silent skips."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support import legacy_archive, servers

NO_SKIPS = "DICOMFERRY_NO_SKIPS"
"""Set in continuous integration: a skipped test fails."""

# What is tried does not hang on luck, nor the outcome on how fast the machine is. Another
# profile of Hypothesis, by --hypothesis-profile, looks for more.
settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("steady")


def _loud(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure."""
    if report.outcome != "skipped" or hasattr(report, "wasxfail"):
        return
    reason = str(report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr)
    if os.environ.get(NO_SKIPS):
        report.outcome = "failed"
        report.longrepr = f"{reason} (skips are failures: {NO_SKIPS} is set)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    _loud(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    report = yield
    _loud(report)
    return report


@pytest.fixture(scope="session")
def dcmtk() -> Callable[[str], str]:
    """Give the path of one of dcmtk's programs by its name."""

    def program(name: str) -> str:
        path = servers.program(name)
        if path is None:
            pytest.skip(f"{name} is not installed: sudo apt-get install dcmtk")
        return path

    return program


@pytest.fixture
def storescp(dcmtk: Callable[[str], str], tmp_path: Path) -> Iterator[servers.StoreScp]:
    """Give a running storescp that keeps every data set as it came."""
    dcmtk("storescp")
    with servers.storescp(tmp_path / "storescp") as server:
        yield server


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[servers.Orthanc]:
    """Give a running, empty Orthanc."""
    if servers.program("Orthanc") is None:
        pytest.skip("Orthanc is not installed: sudo apt-get install orthanc")
    with servers.orthanc(tmp_path / "orthanc") as server:
        yield server


@pytest.fixture(scope="session")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the legacy archive that `make demo` carries; not to be written to."""
    folder = tmp_path_factory.mktemp("archive") / "legacy"
    legacy_archive.build(folder)
    return folder
