"""The installed program finds its plug-ins and its files, and carries instances by each sink."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from dicomferry.testing import open_receiver
from support import servers
from support.instances import make_instances
from support.recipes import RECIPES

Program = Callable[..., CompletedProcess[str]]

HEAD = "recipe: 1\nname: installed\nsources: [folder: {path: data}]\n"
XNAT = """\
servers:
  xnat:
    xnat:
      dicom: {{host: {host}, port: {port}, ae_title: {ae_title}, associations: 1}}
      identification: {{projects: [P]}}
transforms:
  - identify: {{project: P, subject: "{{{{ PatientID }}}}", session: "{{{{ PatientID }}}}_MR"}}
sinks: [xnat-cstore: {{server: xnat}}]
"""
EXPORT = 'sinks: [export: {path: out, layout: "{{ PatientID }}/{{ SOPInstanceUID }}.dcm"}]\n'
COUNT = 8


def write(folder: Path, text: str) -> Path:
    """Put a recipe beside some instances."""
    make_instances(folder / "data", COUNT)
    recipe = folder / "recipe.yaml"
    recipe.write_text(HEAD + text)
    return recipe


def test_help_lists_verbs(program: Program) -> None:
    result = program("--help")

    assert result.returncode == 0, result.stderr
    for verb in ("plan", "run", "verify", "rehearse"):
        assert f"  {verb} " in result.stdout


def test_every_built_in_is_active(program: Program) -> None:
    told = json.loads(program("plugins", "list", "--format", "json").stdout)

    offered = entry_points(group="dicomferry.plugins")
    names = {point.name for point in offered if point.dist.name == "dicomferry"}
    assert {one["name"] for one in told if one["state"] == "active"} >= names


def test_the_schema_has_every_built_in(program: Program) -> None:
    defined = json.loads(program("schema").stdout)["$defs"]

    assert {"source.folder", "transform.identify", "sink.xnat-cstore", "sink.export"} <= set(
        defined
    )


@pytest.mark.parametrize("kind", ["source", "transform", "sink", "identifier"])
def test_a_new_plug_in_is_written(kind: str, program: Program, tmp_path: Path) -> None:
    result = program("plugins", "new", "harbor", "--kind", kind)

    assert result.returncode == 0, result.stderr
    assert (tmp_path / "harbor" / "src" / "harbor" / "__init__.py").is_file()


def test_the_demo_is_rehearsed(program: Program, legacy: Path) -> None:
    (quickstart,) = (recipe for recipe in RECIPES if recipe.name == "quickstart.yaml")

    result = program("rehearse", quickstart, "--set", f"archive={legacy}")

    assert result.returncode == 1, result.stderr  # one file is cut short
    assert "  rejected: 1 file (damaged)" in result.stdout
    assert "13 of 13 sessions landed as forecast." in result.stdout


def test_instances_reach_an_xnat(program: Program, tmp_path: Path) -> None:
    with open_receiver(tmp_path / "received") as xnat:
        address = {"host": xnat.host, "port": xnat.port, "ae_title": "XNAT"}
        result = program("run", write(tmp_path, XNAT.format(**address)))

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(list((tmp_path / "received").rglob("*.dcm"))) == COUNT


def test_instances_reach_a_storescp(
    program: Program, tmp_path: Path, storescp: servers.StoreScp
) -> None:
    address = {"host": storescp.host, "port": storescp.port, "ae_title": storescp.ae_title}

    result = program("run", write(tmp_path, XNAT.format(**address)))

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(storescp.files()) == COUNT


def test_instances_reach_a_folder(program: Program, tmp_path: Path) -> None:
    result = program("run", write(tmp_path, EXPORT))

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == COUNT
