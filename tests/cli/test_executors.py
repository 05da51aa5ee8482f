"""What has the work done is the user's choice, and changes nothing of what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread

from support import pacs, servers
from support.cli import ferry
from support.instances import make_instances
from support.pacs_recipes import csv_source, pacs_recipe
from support.plugins import install
from support.scripted_pacs import Script, scripted

IN_PROCESS = ("--executor", "in-process")

NAMESAKE = """
from msgspec import Struct
from dicomferry import Component, hookimpl


class Options(Struct):
    pass


@hookimpl
def dicomferry_executors():
    yield Component("local", "not dicomferry's own", Options, lambda *_: None)
"""


def test_a_run_without_worker_processes_stores_everything(
    tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    make_instances(tmp_path / "data", 40)

    result = ferry("run", write_recipe(storescp), *IN_PROCESS)

    assert result.returncode == 0, result.stderr
    assert len(storescp.files()) == 40


def test_two_executors_make_the_same_plan(
    tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    files = make_instances(tmp_path / "data", 40)
    (tmp_path / "data" / "twin").write_bytes(files[0].read_bytes())
    recipe = write_recipe()

    plans = [
        ferry("plan", recipe, "--state", tmp_path / executor, "--executor", executor).stdout
        for executor in ("local", "in-process")
    ]

    assert "40 instances" in plans[0]
    assert plans[0] == plans[1]


def test_a_rehearsal_without_worker_processes_lands_as_forecast(
    tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    make_instances(tmp_path / "data", 12)

    result = ferry("rehearse", write_recipe(), *IN_PROCESS)

    assert result.returncode == 0, result.stderr
    assert "4 of 4 sessions landed as forecast" in result.stdout


def test_a_retrieval_without_worker_processes_brings_everything(tmp_path: Path) -> None:
    held = [
        dcmread(path)
        for number in (1, 2, 3)
        for path in pacs.study(tmp_path / "in", number, instances=2)
    ]
    rows = "".join(f"A{number:04},Subj{number:03}\n" for number in (1, 2, 3))
    source = csv_source(tmp_path, "Accession Number,Subject\n" + rows)
    with (
        scripted(held, Script()) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(tmp_path, server, xnat, source, retrieve="c-get")
        result = ferry("run", recipe, *IN_PROCESS)
        stored = sorted(str(dcmread(file).SOPInstanceUID) for file in xnat.files())

    assert result.returncode == 0, result.stdout + result.stderr
    assert stored == sorted(str(one.SOPInstanceUID) for one in held)


@pytest.mark.parametrize("verb", ["plan", "run", "rehearse"])
def test_an_unknown_executor_is_told_with_those_there_are(
    verb: str, write_recipe: Callable[..., Path]
) -> None:
    result = ferry(verb, write_recipe(), "--executor", "moon")

    assert result.returncode == 2
    assert "there is no executor called 'moon'" in result.stderr
    assert "there are in-process, local" in result.stderr


def test_options_are_refused_where_there_are_none(write_recipe: Callable[..., Path]) -> None:
    result = ferry("plan", write_recipe(), "--executor", "local:size=4")

    assert result.returncode == 2
    assert "executor 'local'" in result.stderr
    assert "size" in result.stderr


def test_what_is_no_option_is_told(write_recipe: Callable[..., Path]) -> None:
    result = ferry("plan", write_recipe(), "--executor", "local:fast")

    assert result.returncode == 2
    assert "'fast' is not OPTION=VALUE" in result.stderr


def test_a_plugin_does_not_take_the_name_of_one_of_dicomferrys_own(
    tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    installed = install(tmp_path / "plugins", "namesake", NAMESAKE)

    result = ferry("plan", write_recipe(), env=installed)

    assert result.returncode == 2
    assert "an executor called 'local'" in result.stderr
