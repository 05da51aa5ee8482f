"""Pacing: an XNAT that builds is not given more than it can build, and a stuck one is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dicomferry.contract import Faults
from dicomferry.xnat import ClassicIdentifier, Identification
from dicomferry_plugins._stand_in.site.settings import SiteSettings
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support.cli import ferry
from support.instances import make_instances
from support.patience import until
from support.servers import free_port

SESSIONS = 24
RECIPE = """\
recipe: 1
name: paced
servers:
  xnat:
    xnat:
      dicom: {{host: 127.0.0.1, port: {port}}}
{rest}      pace: {pace}
      identification: {{projects: [P1]}}
sources: [{{folder: {{path: data}}}}]
transforms:
  - identify: {{project: P1, subject: "{{{{ PatientID }}}}", session: "{{{{ StudyInstanceUID }}}}"}}
sinks: [{{xnat-cstore: {{server: xnat}}}}]
"""
LOGIN = "      rest: {{url: '{url}', login: '${{{{env:LOGIN}}}}'}}\n"

Xnat = Callable[..., XnatStandIn]


@pytest.fixture
def xnat() -> Iterator[Xnat]:
    """Start an XNAT that builds a session after a tenth of a second without an object."""
    with ExitStack() as stack:

        def run(quiet: float = 0.1, **faults: int) -> XnatStandIn:
            known = ClassicIdentifier(Identification(projects=["P1"]))
            settings = SiteSettings(quiet_period=quiet, faults=Faults(**faults))
            return stack.enter_context(XnatStandIn(known, None, rest_port=0, settings=settings))

        yield run


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    monkeypatch.setenv("LOGIN", "me:canary")
    make_instances(tmp_path / "data", SESSIONS, sessions=SESSIONS)

    def write(xnat: XnatStandIn, pace: str, *, rest: bool = True) -> Path:
        path = tmp_path / "paced.yaml"
        login = LOGIN.format(url=xnat.url).replace("{{", "{").replace("}}", "}") if rest else ""
        path.write_text(RECIPE.format(port=xnat.port, rest=login, pace=pace))
        return path

    return write


def test_no_more_sessions_are_outstanding_than_the_recipe_says(
    xnat: Xnat, recipe: Callable[..., Path]
) -> None:
    running = xnat(wedge_above=3, build_ms=30)

    result = ferry("run", recipe(running, "{outstanding: 3}"))

    assert result.returncode == 0, result.stdout + result.stderr
    until(lambda: not running.site.holdings.prearchive)
    assert not running.site.builder.stuck
    assert running.site.holdings.most_outstanding <= 3
    assert len(running.site.holdings.archive) == SESSIONS


def test_the_limit_is_found_and_nothing_gets_stuck(xnat: Xnat, recipe: Callable[..., Path]) -> None:
    running = xnat(wedge_above=8, build_ms=100)

    result = ferry("run", recipe(running, "{}"))

    assert result.returncode == 0, result.stdout + result.stderr
    until(lambda: not running.site.holdings.prearchive)
    assert not running.site.builder.stuck
    assert len(running.site.holdings.archive) == SESSIONS


def test_a_stuck_xnat_gets_no_more_and_the_run_says_so(
    xnat: Xnat, recipe: Callable[..., Path]
) -> None:
    running = xnat(wedge_above=2, build_ms=10_000)

    result = ferry("run", recipe(running, "{outstanding: 6, patience: 2}"))

    assert result.returncode == 1, result.stdout + result.stderr
    assert "has built nothing for" in result.stdout
    assert "6 instances stored" in result.stdout
    assert len(running.receipts()) == 6
    assert running.site.holdings.most_outstanding == 6


def test_without_rest_the_quiet_period_is_kept(xnat: Xnat, recipe: Callable[..., Path]) -> None:
    running = xnat(quiet=0.01)

    result = ferry(
        "run", recipe(running, "{outstanding: 5, quiet: 0.3}", rest=False), "--format", "json"
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads(result.stdout)["sinks"]["xnat-cstore"]["stored"] == SESSIONS


def test_nothing_is_sent_while_nobody_can_tell_what_is_outstanding(
    xnat: Xnat, recipe: Callable[..., Path]
) -> None:
    running = xnat()
    path = recipe(running, "{patience: 1}")
    path.write_text(path.read_text().replace(running.url, f"http://127.0.0.1:{free_port()}"))

    result = ferry("run", path)

    assert result.returncode == 1
    assert "does not say what it has to build" in result.stdout
    assert not running.receipts()


def test_a_rehearsal_shows_what_the_pace_is_for(xnat: Xnat, recipe: Callable[..., Path]) -> None:
    path = recipe(xnat(), "{outstanding: 4}")
    unpaced = path.with_name("unpaced.yaml")
    unpaced.write_text(path.read_text().replace("      pace: {outstanding: 4}\n", ""))

    paced = ferry("rehearse", path, "--fault", "wedge-above=4", "--fault", "build-ms=20")
    stuck = ferry("rehearse", unpaced, "--fault", "wedge-above=4", "--fault", "build-ms=20")

    assert paced.returncode == 0, paced.stdout + paced.stderr
    assert f"{SESSIONS} of {SESSIONS} sessions landed as forecast" in paced.stdout
    assert stuck.returncode == 1
    assert f"0 of {SESSIONS} sessions landed as forecast" in stuck.stdout
