from __future__ import annotations

from pathlib import Path

import pytest

from dicomferry.errors import FerryError
from dicomferry_plugins.secrets import dicomferry_secret


def test_an_unknown_scheme_is_left_to_other_plugins() -> None:
    assert dicomferry_secret("vault", "x") is None


def test_env_gives_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "s3cret")

    assert dicomferry_secret("env", "CANARY") == "s3cret"


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_without_a_value_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("CANARY", raising=False)
    if value is not None:
        monkeypatch.setenv("CANARY", value)

    with pytest.raises(FerryError, match=r"\$\{env:CANARY\}") as caught:
        dicomferry_secret("env", "CANARY")
    assert caught.value.hint


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_file_loses_its_one_line_end(tmp_path: Path, end: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b" s3\ncret " + end.encode())

    assert dicomferry_secret("file", str(path)) == " s3\ncret "


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FerryError, match="absent"):
        dicomferry_secret("file", str(tmp_path / "absent"))


def test_a_relative_file_is_refused() -> None:
    with pytest.raises(FerryError, match="absolute"):
        dicomferry_secret("file", "secret")


def test_an_empty_file_is_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("\n")

    with pytest.raises(FerryError, match="empty"):
        dicomferry_secret("file", str(path))


def test_a_binary_file_is_refused_without_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"s3cret\xff")

    with pytest.raises(FerryError, match="UTF-8") as caught:
        dicomferry_secret("file", str(path))
    assert "s3cret" not in str(caught.value)


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "netrc"
    monkeypatch.setenv("NETRC", str(path))
    return path


def test_netrc_gives_login_and_password(netrc: Path) -> None:
    netrc.write_text("machine xnat.example.org login mara password s3cret\n")

    assert dicomferry_secret("netrc", "xnat.example.org") == "mara:s3cret"


def test_netrc_is_read_from_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / ".netrc"
    path.write_text("machine xnat.example.org login mara password s3cret\n")
    path.chmod(0o600)

    assert dicomferry_secret("netrc", "xnat.example.org") == "mara:s3cret"


def test_a_host_that_netrc_lacks_is_named(netrc: Path) -> None:
    netrc.write_text("machine other login mara password s3cret\n")

    with pytest.raises(FerryError, match="no entry for xnat"):
        dicomferry_secret("netrc", "xnat.example.org")


def test_a_missing_netrc_is_named(netrc: Path) -> None:
    with pytest.raises(FerryError, match="there is no file"):
        dicomferry_secret("netrc", "xnat.example.org")


def test_a_netrc_with_bad_syntax_never_shows_its_words(netrc: Path) -> None:
    netrc.write_text("machine x login mara\ns3cret\n")

    with pytest.raises(FerryError, match="is refused at line") as caught:
        dicomferry_secret("netrc", "x")
    assert "s3cret" not in str(caught.value)
