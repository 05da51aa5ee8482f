"""What a YAML file may be: one plain document within limits, refused with a place otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomferry.errors import FerryError, ProblemsError
from dicomferry.model import Problem
from dicomferry.recipe.yaml.reading import MAX_DEPTH, parse_document, read_document
from dicomferry.recipe.yaml.text import MAX_BYTES

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def refused(text: str | bytes, folder: Path) -> Problem:
    """Return the one problem a file is refused with."""
    path = folder / "recipe.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ProblemsError) as caught:
        read_document(path)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        pytest.param(BOMB, "yaml-nodes", 5, 8, id="billion-laughs"),
        pytest.param("- x\n" * 20_000, "yaml-nodes", 10_000, 3, id="many-nodes"),
        pytest.param("[" * 3000, "yaml-depth", 1, MAX_DEPTH + 1, id="deep"),
        pytest.param("- " * 3000, "yaml-depth", 1, 2 * MAX_DEPTH + 1, id="deep-block"),
        pytest.param("a: &a [*a]\n", "yaml-alias", 1, 8, id="alias-in-itself"),
        pytest.param("a: *b\n", "yaml-alias", 1, 4, id="alias-of-nothing"),
        pytest.param("a: !!python/object/apply:os.system [id]", "yaml-tag", 1, 4, id="python"),
        pytest.param("a: !secret x", "yaml-tag", 1, 4, id="custom-tag"),
        pytest.param("a: !!int x", "yaml-tag", 1, 4, id="untrue-tag"),
        pytest.param("a: 1\nb: 2\na: 3\n", "yaml-duplicate-key", 3, 1, id="duplicate-key"),
        pytest.param("? [a, b]\n: c\n", "yaml-key", 1, 3, id="list-as-key"),
        pytest.param("a: 1\n---\nb: 2\n", "yaml-documents", 2, 1, id="two-documents"),
        pytest.param("a:\n\tb: 1\n", "yaml-syntax", 2, 1, id="tab"),
        pytest.param("a: b: c\n", "yaml-syntax", 1, 5, id="colon"),
        pytest.param("a: @b\n", "yaml-syntax", 1, 4, id="reserved"),
        pytest.param("a: [1\n", "yaml-syntax", 2, 1, id="open-list"),
        pytest.param("a: 1\nb: \x00\n", "yaml-character", 2, 4, id="nul"),
        pytest.param("a: \x1b[31m\n", "yaml-character", 1, 4, id="escape"),
        pytest.param(b"a: 1\nb: Ren\xe9\n", "yaml-encoding", 2, 7, id="latin-1"),
        pytest.param("a: 1\n".encode("utf-16"), "yaml-encoding", 1, 1, id="utf-16"),
        pytest.param(b"a: " + b"x" * MAX_BYTES, "yaml-size", 1, 1, id="large"),
        pytest.param("", "yaml-empty", 1, 1, id="empty"),
        pytest.param("# only a comment\n", "yaml-empty", 1, 1, id="only-a-comment"),
    ],
)
def test_what_no_recipe_needs_is_refused_with_its_place(
    text: str | bytes, code: str, line: int, column: int, tmp_path: Path
) -> None:
    problem = refused(text, tmp_path)

    assert problem.place is not None
    assert (code, line, column) == (problem.code, problem.place.line, problem.place.column)


def test_an_alias_counts_with_the_depth_of_what_it_stands_for() -> None:
    deep = "[" * 20 + "]" * 20
    text = f"a: &a {deep}\nb: {'[' * 20}*a{']' * 20}\n"

    with pytest.raises(ProblemsError, match="levels deep"):
        parse_document(text, "recipe.yaml")


def test_the_largest_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("a: " + "x " * (MAX_BYTES // 2 - 10))

    assert read_document(path).root.child("a") is not None


def test_a_missing_file_is_an_error_without_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(FerryError, match="cannot be read: no such file"):
        read_document(tmp_path / "nothing.yaml")


def test_a_byte_order_mark_does_not_shift_places(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: x\r\nother: y\r\n")
    document = read_document(path)

    assert document.plain == {"name": "x", "other": "y"}
    assert document.place(("name",)).column == 7


def test_an_alias_stands_for_its_anchor_and_is_no_shared_object() -> None:
    document = parse_document("a: &x [1, 2]\nb: *x\n", "recipe.yaml")
    plain = document.plain

    assert plain == {"a": [1, 2], "b": [1, 2]}
    assert isinstance(plain, dict)
    assert plain["a"] is not plain["b"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("00123", 123),
        ("0123", 123),
        ("1.50", 1.5),
        ("true", True),
        ("~", None),
        ("", None),
        ("NO", "NO"),
        ("yes", "yes"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("2020-01-01", "2020-01-01"),
        ("20030101-20091231", "20030101-20091231"),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e3", 1000.0),
        ("'00123'", "00123"),
        ('"00123"', "00123"),
        ("!!str 00123", "00123"),
        ("<<", "<<"),
        ("1" * 400, "1" * 400),
    ],
)
def test_scalars_mean_what_the_core_schema_says(text: str, value: object) -> None:
    plain = parse_document(f"a: {text}\n", "recipe.yaml").plain

    assert isinstance(plain, dict)
    assert plain["a"] == value
    assert type(plain["a"]) is type(value)


def test_infinity_and_not_a_number_are_numbers() -> None:
    assert parse_document("a: -.inf\n", "recipe.yaml").plain == {"a": float("-inf")}


def test_keys_are_the_text_that_was_written() -> None:
    document = parse_document("{0010: a, yes: b, (0019,xx10): c}", "recipe.yaml")

    assert document.plain == {"0010": "a", "yes": "b", "(0019": None, "xx10)": "c"}
