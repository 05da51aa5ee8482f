"""Changes in a YAML file's text: what is not changed keeps every character."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from dicomferry.errors import FerryError
from dicomferry.recipe.yaml.reading import parse_document
from dicomferry.recipe.yaml.rewriting import YamlText, read_text, write_text, written

TEXT = """\
# head
a:   one   # first
b: {c: [x, "y"], d: ~}   # second
e:
  - f: |
      long
    g: 1   # third

  - h:
i: 'last'
"""


def changed(path: tuple[str | int, ...], value: str | int | None, text: str = TEXT) -> str:
    document = YamlText(text, "t.yaml")
    document.replace(path, value)
    return document.text


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (("a",), "one", "two"),
        (("b", "c", 1), '"y"', "two"),
        (("b", "d"), "~", "two"),
        (("b", "c"), '[x, "y"]', "two"),
        (("b",), '{c: [x, "y"], d: ~}', "two"),
        (("e", 0, "g"), "g: 1 ", "g: two "),
        (("e", 1, "h"), "h:\n", "h: two\n"),
        (("i",), "'last'", "two"),
    ],
)
def test_a_value_is_changed_and_nothing_else(
    path: tuple[str | int, ...], before: str, after: str
) -> None:
    assert changed(path, "two") == TEXT.replace(before, after)


def test_a_key_is_renamed_and_nothing_else() -> None:
    document = YamlText(TEXT, "t.yaml")
    document.rename(("e", 0, "g"), "other")

    assert document.text == TEXT.replace("g: 1", "other: 1")


def test_a_change_sees_the_ones_before() -> None:
    document = YamlText(TEXT, "t.yaml")
    document.rename(("a",), "aa")
    document.replace(("aa",), "two")

    assert document.text.splitlines()[1] == "aa:   two   # first"


def test_a_path_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FerryError, match=r"t.yaml: there is no e\[7\].g"):
        changed(("e", 7, "g"), "two")


def test_line_ends_of_another_system_are_kept() -> None:
    assert changed(("a",), "b", "a: x\r\nc: d\r\n") == "a: b\r\nc: d\r\n"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"])))
def test_any_text_is_read_back_as_it_was_written(text: str) -> None:
    assert parse_document(f"a: {written(text)}\n", "t.yaml").plain == {"a": text}


@pytest.mark.parametrize("value", [None, True, False, 1, 0, {"a": "x", "00123": None}, "true"])
def test_any_value_is_read_back_as_it_was_written(value: object) -> None:
    text = written(value)  # type: ignore[arg-type]

    assert parse_document(f"a: {text}\n", "t.yaml").plain == {"a": value}


def test_a_file_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("a: 1\n")
    path.chmod(0o640)

    write_text(path, "a: 2\n")

    assert path.read_text() == "a: 2\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_fills_up_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "t.yaml"
    path.write_text("a: 1\n")
    monkeypatch.setattr(os, "replace", full)

    with pytest.raises(FerryError, match="no space left"):
        write_text(path, "a: 2\n")

    assert path.read_text() == "a: 1\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_behind_a_link_is_changed_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("a: 1\n")
    (tmp_path / "link.yaml").symlink_to("t.yaml")

    write_text(tmp_path / "link.yaml", "a: 2\n")

    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / "t.yaml").read_text() == "a: 2\n"


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FerryError, match="cannot be read"):
        read_text(tmp_path / "none.yaml")
