"""`plan --ask`: what only the XNAT itself can say, asked over REST."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.instances import make_instances
from support.journey import Journey, journey


@pytest.fixture
def trip(tmp_path: Path) -> Iterator[Journey]:
    with journey(tmp_path) as one:
        make_instances(tmp_path / "data", 4, sessions=1)
        yield one


def found(trip: Journey, *options: object) -> dict[str, str]:
    result = trip.ferry("plan", "--ask", "--format", "json", *options)
    assert result.stdout, result.stderr
    codes = {one["code"]: one["severity"] for one in json.loads(result.stdout)["problems"]}
    codes.pop("site-anonymizes", None)
    return codes


def carried(trip: Journey) -> None:
    """Archive the session of the data, and put other data of the same label in their place."""
    assert trip.ferry("run").returncode == 0
    trip.xnat.build()
    for name in (".dicomferry", "data"):
        (trip.folder / name).rename(trip.folder / f"former {name}")


def replaced(trip: Journey, **bytes_for: tuple[bytes, bytes]) -> None:
    for path in sorted((trip.folder / "former data").rglob("I*")):
        content = path.read_bytes()
        for before, after in bytes_for.values():
            assert before in content
            content = content.replace(before, after)
        target = trip.folder / "data" / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)


def test_an_empty_xnat_has_nothing_against_it(trip: Journey) -> None:
    assert found(trip) == {}


def test_a_project_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        make_instances(tmp_path / "data", 4, sessions=1)
        trip.write(project="Q", identification={"projects": ["P", "Q"]})
        assert found(trip) == {"project-not-readable": "error"}


def test_what_we_delivered_ourselves_is_no_problem(trip: Journey) -> None:
    assert trip.ferry("run").returncode == 0
    trip.xnat.build()
    assert found(trip) == {}


def test_a_session_that_fits_is_a_note(trip: Journey) -> None:
    carried(trip)
    replaced(trip, instance=(b"2.25.3", b"2.25.8"))
    assert found(trip) == {"session-exists": "note"}


def test_a_session_of_another_study_is_an_error(trip: Journey) -> None:
    carried(trip)
    replaced(trip, study=(b"2.25.1", b"2.25.9"))
    assert found(trip) == {"session-exists-with-another-study": "error"}


def test_a_session_of_another_modality_is_an_error(trip: Journey) -> None:
    carried(trip)
    trip.write(session="{{ PatientID }}_MR")
    replaced(trip, modality=(b"\x08\x00\x60\x00CS\x02\x00MR", b"\x08\x00\x60\x00CS\x02\x00CT"))
    assert found(trip) == {"session-exists-with-another-modality": "error"}


def test_a_session_of_another_subject_is_an_error(trip: Journey) -> None:
    carried(trip)
    trip.write(session="MC0000_MR")
    replaced(trip, patient=(b"MC0000", b"MC0009"))
    assert found(trip) == {"session-exists-for-another-subject": "error"}


def test_without_a_rest_block_it_says_what_is_missing(trip: Journey) -> None:
    trip.write(server={"rest": None})
    text = trip.recipe.read_text().replace("rest:\n", "")
    trip.recipe.write_text(text)
    result = trip.ferry("plan", "--ask")
    assert result.returncode == 2
    assert "no rest: block" in result.stderr
