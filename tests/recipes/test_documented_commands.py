"""Every command the documentation shows can be given, and those that send nothing are run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dicomferry.cli import cli
from support.published import PAGE

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUN = (ROOT / "README.md", ROOT / "docs" / "recipe.md")
"""The pages whose commands are run, one after the other, on the legacy archive."""

SENDING = {"run", "rehearse", "receiver"}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")


def _commands(page: Path) -> Iterator[list[str]]:
    for kind, block in FENCE.findall(page.read_text()):
        if kind == "console":
            for line in block.splitlines():
                if line.startswith("$ dicomferry "):
                    yield shlex.split(line, comments=True)[2:]


COMMANDS = [(page.name, words) for page in PAGES for words in _commands(page)]


def parse(command: click.Command, words: list[str]) -> None:
    """Let a command parse its words as it would, without running it."""
    if isinstance(command, click.Group) and words and not words[0].startswith("-"):
        context = click.Context(command)
        below = command.get_command(context, words[0])
        assert below is not None, f"there is no {words[0]}"
        parse(below, words[1:])
    else:
        command.make_context("dicomferry", list(words))


@pytest.mark.parametrize(
    ("page", "words"), COMMANDS, ids=[f"{page}: {' '.join(words)}" for page, words in COMMANDS]
)
def test_a_command_in_the_documentation_can_be_given(
    page: str, words: list[str], workplace: Path
) -> None:
    parse(cli, words)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_verb_in_a_text_is_one(page: Path) -> None:
    context = click.Context(cli)
    named = set(re.findall(r"`dicomferry ([a-z]+)", page.read_text()))

    assert {verb for verb in named if cli.get_command(context, verb) is None} == set()


@pytest.fixture
def workplace(tmp_path: Path, legacy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with the files that the documentation speaks of."""
    monkeypatch.chdir(tmp_path)
    blocks = [block for _, block in FENCE.findall((ROOT / "docs" / "recipe.md").read_text())]
    whole = next(block for block in blocks if block.startswith("recipe: 1\n"))
    whole = whole.replace("default: archive,", f'default: "{legacy}",')
    tidy = "transforms:\n  - {id: tidy, remap: {delete: [OtherPatientIDs]}}\n"
    whole = whole.replace("transforms:\n", tidy)
    # The archive has one patient under two IDs, and studies without a date: a plan tells of both.
    allow = "allow: [patient-over-several-subjects, label-part-empty]\n"
    tests = (
        "tests:\n  - given: {PatientID: MC1, StudyDate: '20200101'}\n    expect: {subject: MC1}\n"
    )
    Path("memory.yaml").write_text(whole + allow + tests)
    Path("base.yaml").write_text(whole + allow)
    Path("pilot.yaml").write_text(next(b for b in blocks if b.startswith("# pilot.yaml\n")))
    Path("site.yaml").write_text("project: PILOT\n")
    Path("push.sh").write_text(PAGE)
    return tmp_path


def test_the_commands_of_the_pages_for_users_work(workplace: Path, legacy: Path) -> None:
    failed = []
    for page in RUN:
        for number, words in enumerate(_commands(page)):
            if words[0] in SENDING:
                continue
            # The parts of a disk the documentation speaks of are the archive's.
            filled = [word.replace("/mnt/disk3", str(legacy)) for word in words]
            if words[0] == "init":
                filled[1] = f"new-{page.stem}-{number}.yaml"
            result = CliRunner().invoke(cli, filled, standalone_mode=False)
            if result.exception is not None or result.return_value not in expected(words):
                failed.append((words, result.exception, result.output[-500:]))

    assert failed == []


def expected(words: list[str]) -> tuple[int | None, ...]:
    """Return the codes that a command may end with here."""
    differs = words[0] == "diff" or "--from-commands" in words
    # One file of the archive is cut short: a plan of it holds that back and ends with 1.
    damaged = words[0] in ("plan", "status")
    return (1,) if differs else (0, 1, None) if damaged else (0, None)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_link_leads_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text())
    whole = (ROOT / "CONTRIBUTING.md").is_file()  # the wheel's tests have the pages alone
    broken = [
        f"{target}#{anchor}"
        for target, anchor in LINK.findall(text)
        if (whole or not target or "docs" in (page.parent / target).resolve().parts)
        and not _leads(page, target, anchor)
    ]

    assert broken == []


def _leads(page: Path, target: str, anchor: str) -> bool:
    path = (page.parent / target).resolve() if target else page
    if not path.exists():
        return False
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE) if anchor else []
    slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings}
    return not anchor or anchor in slugs
