"""What the documentation says about recipes is true of this dicomferry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from dicomferry.host import Selection, load_plugins
from support.cli import ferry

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "recipe.md"
BUILT_INS = {"export", "folder", "identify", "remap", "unify-uids", "xnat-cstore"}
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)


def _examples() -> Iterator[tuple[str, str]]:
    for page in (ROOT / "README.md", REFERENCE):
        for block in BLOCK.findall(page.read_text()):
            if block.startswith("recipe: 1\n"):
                yield page.name, block


EXAMPLES = list(_examples())


def test_the_pages_have_whole_recipes() -> None:
    assert {page for page, _ in EXAMPLES} == {"README.md", "recipe.md"}


@pytest.mark.parametrize(("page", "recipe"), EXAMPLES, ids=[page for page, _ in EXAMPLES])
def test_a_whole_recipe_in_the_documentation_validates(
    page: str, recipe: str, tmp_path: Path
) -> None:
    (tmp_path / "recipe.yaml").write_text(recipe)

    result = ferry("validate", tmp_path / "recipe.yaml")

    assert result.returncode == 0, result.stdout + result.stderr


def _options() -> Iterator[tuple[str, str]]:
    for offer in load_plugins(Selection()).offers:
        if offer.component.name in BUILT_INS:
            for field in msgspec.structs.fields(offer.component.options):
                yield offer.component.name, field.encode_name


def test_the_reference_has_every_option_and_no_other() -> None:
    text = REFERENCE.read_text()
    documented = set()
    for component in BUILT_INS:
        _, _, section = text.partition(f"### {component}\n")
        section, _, _ = section.partition("\n##")
        documented |= {(component, option) for option in ROW.findall(section)}

    assert documented == set(_options())
