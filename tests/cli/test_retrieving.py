"""Retrieval and delivery at once: nothing waits without need, is lost, or outgrows the spool."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from ruamel.yaml import YAML

from support import pacs, servers
from support.cli import PROGRAM, ferry
from support.misbehaving import Receiver, serving
from support.pacs_recipes import MOVER, csv_source, pacs_recipe
from support.scripted_pacs import Script, scripted


def images(folder: Path, studies: int, instances: int = 2, **elements: Any) -> list[Dataset]:
    return [
        dcmread(path)
        for number in range(1, studies + 1)
        for path in pacs.study(folder, number, instances=instances, **elements)
    ]


def wanted(folder: Path, studies: int) -> dict[str, Any]:
    rows = (f"A{n:04},Subj{n:03}\n" for n in range(1, studies + 1))
    return csv_source(folder, "Accession Number,Subject\n" + "".join(rows))


def uids(xnat: servers.StoreScp) -> list[str]:
    return sorted(str(dcmread(file).SOPInstanceUID) for file in xnat.files())


def brought(
    folder: Path, held: list[Dataset], script: Script, studies: int, *words: str, **options: Any
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run a recipe by C-GET; return how that went, and what the receiver has."""
    with (
        scripted(held, script) as server,
        servers.storescp(folder / "xnat", options=["--fork"]) as xnat,
    ):
        source = wanted(folder, studies)
        recipe = pacs_recipe(folder, server, xnat, source, retrieve="c-get", **options)
        return ferry("run", recipe, *words), uids(xnat)


def spooled(folder: Path) -> list[Path]:
    files = (folder / ".dicomferry" / "wanted" / "spool").glob("*")
    return [file for file in files if file.suffix != ".blake3"]


def test_what_is_here_is_delivered_while_the_pacs_is_still_asked(tmp_path: Path) -> None:
    held = images(tmp_path / "in", 3)
    with servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat:
        script = Script(waits=lambda: len(xnat.files()) >= 2)
        with scripted(held, script) as server:
            recipe = pacs_recipe(tmp_path, server, xnat, wanted(tmp_path, 3), retrieve="c-get")
            result = ferry("run", recipe)

        assert result.returncode == 0, result.stdout + result.stderr
        assert uids(xnat) == sorted(str(one.SOPInstanceUID) for one in held)
    assert not spooled(tmp_path)


@pytest.mark.parametrize("batch", [0, 3])
def test_as_many_studies_are_retrieved_at_once_as_there_are_associations(
    tmp_path: Path, batch: int
) -> None:
    held = images(tmp_path / "in", 6)
    with (
        scripted(held, Script(together=3)) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(
            tmp_path, server, xnat, wanted(tmp_path, 6), retrieve="c-get", associations=3,
            batch=batch,
        )  # fmt: skip
        result = ferry("run", recipe)
        arrived = uids(xnat)

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(arrived) == 12


def test_a_batch_of_one_asks_for_the_next_study_once_the_last_is_delivered(
    tmp_path: Path,
) -> None:
    held = images(tmp_path / "in", 4)
    delivered: list[int] = []
    with servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat:

        def note() -> bool:
            delivered.append(len(xnat.files()))
            return True

        with scripted(held, Script(waits=note)) as server:
            recipe = pacs_recipe(
                tmp_path, server, xnat, wanted(tmp_path, 4), retrieve="c-get", associations=4,
                batch=1,
            )  # fmt: skip
            result = ferry("run", recipe)

    assert result.returncode == 0, result.stdout + result.stderr
    assert delivered == [2, 4, 6]


def test_what_a_sink_that_is_away_did_not_get_is_not_retrieved_again(tmp_path: Path) -> None:
    held = images(tmp_path / "in", 4)
    port = servers.free_port()
    nobody = servers.StoreScp(port, "STORESCP", tmp_path, None)  # type: ignore[arg-type]
    with scripted(held, Script()) as server:
        recipe = pacs_recipe(tmp_path, server, nobody, wanted(tmp_path, 4), retrieve="c-get")
        away = ferry("run", recipe)
        kept = len(spooled(tmp_path))
        with servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat:
            recipe.write_text(recipe.read_text().replace(f"port: {port}", f"port: {xnat.port}"))
            result = ferry("run", recipe)
            arrived = uids(xnat)

    assert away.returncode == 1
    assert kept >= 2
    assert result.returncode == 0, result.stdout + result.stderr
    assert Counter(server.sent) == dict.fromkeys(arrived, 1)
    assert len(arrived) == 8


def test_a_session_of_several_studies_is_sent_over_one_association(tmp_path: Path) -> None:
    same = {"PatientID": "P1", "PatientName": "One^Only", "StudyDate": "20210302"}
    held = images(tmp_path / "in", 3, **same)
    rows = "".join(f"A{n:04},Subj,Both\n" for n in range(1, 4))
    source = csv_source(tmp_path, "Accession Number,Subject,Session\n" + rows)
    with scripted(held, Script()) as server, serving(Receiver()) as xnat:
        there = servers.StoreScp(xnat.port, xnat.called, tmp_path, None)  # type: ignore[arg-type]
        result = ferry("run", pacs_recipe(tmp_path, server, there, source, retrieve="c-get"))

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(xnat.stored) == 6
    assert xnat.associations == 1


def test_every_sink_gets_what_is_retrieved_once(tmp_path: Path) -> None:
    held = images(tmp_path / "in", 5)
    with (
        scripted(held, Script()) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(tmp_path, server, xnat, wanted(tmp_path, 5), retrieve="c-get")
        also_exported(recipe, "out")
        result = ferry("run", recipe)
        arrived = uids(xnat)

    assert result.returncode == 0, result.stdout + result.stderr
    assert arrived == sorted(path.stem for path in (tmp_path / "out").iterdir())
    assert Counter(server.sent) == dict.fromkeys(arrived, 1)
    assert not spooled(tmp_path)


def test_a_sink_that_is_away_keeps_no_other_from_what_is_here(tmp_path: Path) -> None:
    held = images(tmp_path / "in", 2)
    nobody = servers.StoreScp(servers.free_port(), "NOBODY", tmp_path, None)  # type: ignore[arg-type]
    with scripted(held, Script()) as server:
        recipe = pacs_recipe(tmp_path, server, nobody, wanted(tmp_path, 2), retrieve="c-get")
        also_exported(recipe, "out")
        result = ferry("run", recipe)
    kept = {path.stem for path in (tmp_path / "out").iterdir()}

    assert result.returncode == 1
    assert kept
    assert kept == set(server.sent)
    assert len(spooled(tmp_path)) == len(kept)


def also_exported(recipe: Path, folder: str) -> None:
    """Give a recipe a second sink."""
    yaml = YAML(typ="safe")
    content = yaml.load(recipe.read_text())
    content["sinks"].append({"export": {"path": folder, "layout": "{{ SOPInstanceUID }}.dcm"}})
    with recipe.open("w") as file:
        yaml.dump(content, file)


def test_a_study_that_came_half_is_delivered_when_no_more_comes(tmp_path: Path) -> None:
    held = images(tmp_path / "in", 2, instances=3)
    lost = str(held[1].SOPInstanceUID)
    result, arrived = brought(tmp_path, held, Script(loses=(lost,)), 2)

    assert result.returncode == 1
    assert arrived == sorted(str(o.SOPInstanceUID) for o in held if o.SOPInstanceUID != lost)


def test_an_interrupted_run_says_how_to_go_on_and_brings_nothing_twice(tmp_path: Path) -> None:
    held = images(tmp_path / "in", 20)
    with (
        scripted(held, Script()) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(tmp_path, server, xnat, wanted(tmp_path, 20), retrieve="c-get")
        stopped = interrupted(recipe, lambda: len(server.sent) >= 8)
        result = ferry("run", recipe)
        arrived = uids(xnat)

    assert stopped.returncode == 1
    assert "dicomferry run" in stopped.stdout
    assert "Traceback" not in stopped.stderr
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(arrived) == len(set(arrived)) == 40
    assert len(server.sent) <= 41, "more than the one instance under way was sent twice"


def interrupted(recipe: Path, reached: Callable[[], bool]) -> subprocess.CompletedProcess[str]:
    """Run a recipe and interrupt it as the keys Ctrl-C do, once something is reached."""
    command = [*PROGRAM, "run", str(recipe)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None and not reached():
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(command, process.returncode, out, err)


@pytest.mark.parametrize("associations", [1, 3])
def test_the_spool_never_holds_more_than_it_may(tmp_path: Path, associations: int) -> None:
    held = images(tmp_path / "in", 8, rows=300)
    sizes: list[int] = []

    def note() -> bool:
        sizes.append(sum(size(path) for path in spooled(tmp_path)))
        return True

    result, arrived = brought(
        tmp_path, held, Script(waits=note), 8, "--spool", "1", associations=associations
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(arrived) == 16
    assert len(sizes) >= 7
    assert max(sizes) <= 1 << 20


def size(path: Path) -> int:
    """Return the size of a file that may be gone by now."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@pytest.mark.parametrize("associations", [1, 3])
def test_an_instance_that_fits_the_spool_comes_though_it_is_most_of_it(
    tmp_path: Path, associations: int
) -> None:
    held = images(tmp_path / "in", 3, instances=2, rows=600)
    result, arrived = brought(
        tmp_path, held, Script(), 3, "--spool", "1", associations=associations
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert arrived == sorted(str(one.SOPInstanceUID) for one in held)


def test_an_instance_beyond_the_spool_is_named_and_the_others_come(tmp_path: Path) -> None:
    small = images(tmp_path / "in", 2)
    large = images(tmp_path / "large", 2, instances=1, rows=800)[1]
    large.SOPInstanceUID = "2.25.999"
    held = [small[0], small[1], large, small[2], small[3]]
    result, arrived = brought(tmp_path, held, Script(), 2, "--spool", "1", "--format", "json")

    report = json.loads(result.stdout)
    assert result.returncode == 1
    assert arrived == sorted(str(one.SOPInstanceUID) for one in small)
    assert report["retrieval"]["missing"] == 1
    assert "does not fit the spool" in report["failures"][0]["reason"]


def test_what_is_moved_over_several_associations_at_once_all_arrives(tmp_path: Path) -> None:
    held = images(tmp_path / "in", 3, instances=7)
    port = servers.free_port()
    with (
        scripted(held, Script(moves_to=port, over=3)) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(
            tmp_path, server, xnat, wanted(tmp_path, 3), retrieve="c-move",
            move_ae_title=MOVER, move_port=port, associations=4,
        )  # fmt: skip
        result = ferry("run", recipe)
        arrived = uids(xnat)

    assert result.returncode == 0, result.stdout + result.stderr
    assert arrived == sorted(str(one.SOPInstanceUID) for one in held)
    assert server.answered == [0] * len(held)


def test_a_pacs_that_does_no_c_get_is_asked_to_move(tmp_path: Path) -> None:
    held = images(tmp_path / "in", 3)
    port = servers.free_port()
    with (
        scripted(held, Script(moves_to=port)) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(
            tmp_path, server, xnat, wanted(tmp_path, 3), retrieve="auto",
            move_ae_title=MOVER, move_port=port, associations=2,
        )  # fmt: skip
        result = ferry("run", recipe)
        arrived = uids(xnat)

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(arrived) == 6


@pytest.mark.parametrize(
    "script",
    [Script(stops_after=0, comment="DOE^NR1 is locked"), Script(final=0xC001, comment="P0001?")],
    ids=["c-get", "c-find"],
)
def test_a_comment_of_the_pacs_is_told_without_the_patient_it_quotes(
    tmp_path: Path, script: Script
) -> None:
    held = images(tmp_path / "in", 1)
    with (
        scripted(held, script) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        source = csv_source(tmp_path, "Accession Number,Patient ID\nA0001,P0001\n")
        recipe = pacs_recipe(tmp_path, server, xnat, source, retrieve="c-get")
        result = ferry("run", recipe)
    state = tmp_path / ".dicomferry" / "wanted"
    told = result.stdout + result.stderr + (state / "rejects.csv").read_text().split("because")[-1]

    assert result.returncode == 1
    assert "…" in told
    assert "NR1" not in told
    assert "P0001?" not in told
