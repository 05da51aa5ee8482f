from __future__ import annotations

import gzip
import io
import os
import socket
import subprocess
import sys
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dicomferry.errors import FerryError
from dicomferry.model import Finding, LocalFile, NotLookedInto, Unusable
from dicomferry_plugins.folder import dicomferry_sources


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder


@pytest.fixture
def discover(root: Path, build: Callable[..., Any]) -> Callable[..., list[Finding]]:
    (component,) = dicomferry_sources()

    def found(**said: Any) -> list[Finding]:
        return list(build(component, **{"path": "archive", **said}).discover())

    return found


def fill(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def files(root: Path, findings: list[Finding]) -> list[str]:
    return [
        "!".join(filter(None, (os.path.relpath(f.location.path, root), f.location.member)))
        for f in findings
        if isinstance(f, LocalFile)
    ]


def unusable(root: Path, findings: list[Finding]) -> dict[str, str]:
    return {
        os.path.relpath(f.location.path, root): f.code
        for f in findings
        if isinstance(f, (Unusable, NotLookedInto))
    }


def test_every_file_is_found_in_byte_order(root: Path, discover: Callable[..., Any]) -> None:
    fill(root, "b", "a/2", "a/10", "a/Z", "ä", "c/d/e/f")

    assert files(root, discover()) == ["a/10", "a/2", "a/Z", "b", "c/d/e/f", "ä"]


def test_a_file_comes_with_its_size_and_time(root: Path, discover: Callable[..., Any]) -> None:
    fill(root, "scan")
    os.utime(root / "scan", ns=(1, 1_234_567_891))

    (found,) = discover()
    assert (found.size, found.modified_ns) == (4, 1_234_567_891)


def test_an_empty_folder_has_nothing(root: Path, discover: Callable[..., Any]) -> None:
    assert discover() == []


def test_a_missing_folder_is_an_error_with_a_hint(discover: Callable[..., Any]) -> None:
    with pytest.raises(FerryError, match="absent") as caught:
        discover(path="absent")
    assert "recipe's folder" in caught.value.hint


def test_a_file_as_folder_is_an_error_with_a_hint(root: Path, discover: Callable[..., Any]) -> None:
    fill(root, "scan")

    with pytest.raises(FerryError, match="is a file"):
        discover(path="archive/scan")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"include": ["**/*.dcm"]}, ["a/1.dcm", "a/b/2.dcm", "top.dcm"]),
        ({"include": ["*.dcm"]}, ["top.dcm"]),
        ({"include": ["a/*"]}, ["a/1.dcm", "a/3.DCM"]),
        ({"include": ["a/**"]}, ["a/1.dcm", "a/3.DCM", "a/b/2.dcm"]),
        ({"include": ["**/b/*"]}, ["a/b/2.dcm"]),
        ({"include": ["a/**/2.dcm"]}, ["a/b/2.dcm"]),
        ({"include": ["**/?.[!D]*"]}, ["a/1.dcm", "a/b/2.dcm"]),
        ({"include": ["**/[12].dcm"]}, ["a/1.dcm", "a/b/2.dcm"]),
        ({"include": ["**/*.dcm"], "exclude": ["a/b"]}, ["a/1.dcm", "top.dcm"]),
        ({"exclude": ["**/b/**", "*.dcm"]}, ["a/1.dcm", "a/3.DCM"]),
        ({"exclude": ["**/*"]}, []),
    ],
)
def test_globs_choose(
    root: Path, discover: Callable[..., Any], said: dict[str, Any], expected: list[str]
) -> None:
    fill(root, "a/1.dcm", "a/3.DCM", "a/b/2.dcm", "top.dcm")

    assert files(root, discover(**said)) == expected


@pytest.mark.parametrize(
    ("include", "unmet"),
    [
        (["a/**", "disk2/**"], {"disk2": "include-unmet"}),
        (["**/*.dcm", "a/c/*.dcm", "top.dcm"], {"a/c": "include-unmet"}),
        (["a/**", "disk[2-3]/**"], {".": "include-unmet"}),
        (["a/**", "**/visit2/*"], {".": "include-unmet"}),
        (["a/**", "d/*.gz"], {}),  # what matches is a compressed file, which has a member
        (["a/**", "**/*.ima"], {}),  # a kind of files that a disk may lack
        (["disk1/**", "disk2/**"], {}),  # nothing at all is a problem of the whole source
    ],
)
def test_a_folder_that_include_names_and_that_has_nothing_is_named(
    root: Path, discover: Callable[..., Any], include: list[str], unmet: dict[str, str]
) -> None:
    fill(root, "a/1.dcm", "top.dcm")
    (root / "d").mkdir()
    (root / "d" / "x.dcm.gz").write_bytes(gzip.compress(b"x" * 200))

    assert unusable(root, discover(archives=True, include=include)) == unmet


def test_parts_name_what_is_in_the_path(root: Path, discover: Callable[..., Any]) -> None:
    fill(root, "2005/MC0007/v1/x")

    (found,) = discover(parts=r"(?P<subject>MC\d+)/(?P<visit>\w+)/(?P<never>never)?")
    assert found.names == {"subject": "MC0007", "visit": "v1"}


def test_a_path_that_parts_do_not_match_has_no_names(
    root: Path, discover: Callable[..., Any]
) -> None:
    fill(root, "other")

    (found,) = discover(parts=r"(?P<subject>MC\d+)/")
    assert found.names == {}


@pytest.mark.parametrize("parts", ["(?P<x>", "MC"])
def test_parts_that_name_nothing_are_a_fault(
    faults: Callable[..., dict[str, str]], parts: str
) -> None:
    assert list(faults("sources", "folder", path="x", parts=parts)) == ["parts"]


@pytest.mark.parametrize("glob", ["", "/abs/*", "../*", "a/./b"])
def test_a_glob_that_matches_nothing_is_a_fault(
    faults: Callable[..., dict[str, str]], glob: str
) -> None:
    said = {"path": "x", "exclude": ["fine", glob]}

    assert list(faults("sources", "folder", **said)) == ["exclude[1]"]


def test_names_that_are_not_utf8_or_hold_line_ends_are_carried(
    root: Path, discover: Callable[..., Any]
) -> None:
    for name in (b"caf\xe9", b"two\nlines", b"\xff\xfe/deep"):
        path = root / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name)

    contents = [Path(f.location.path).read_bytes() for f in discover()]
    assert contents == [b"caf\xe9", b"two\nlines", b"\xff\xfe/deep"]


def test_a_tree_deeper_than_the_recursion_limit_is_walked(
    root: Path, discover: Callable[..., Any]
) -> None:
    folders = [root]
    for _ in range(sys.getrecursionlimit() + 50):
        folders.append(Path(f"{folders[-1]}/d"))
        folders[-1].mkdir()
    scan = Path(f"{folders[-1]}/scan")
    scan.touch()
    try:
        assert len(discover()) == 1
    finally:
        # What removes the test's folder later may recurse.
        scan.unlink()
        for folder in reversed(folders[1:]):
            folder.rmdir()


def test_a_link_that_leads_in_a_circle_is_listed_once(
    root: Path, discover: Callable[..., Any]
) -> None:
    fill(root, "a/scan")
    (root / "a" / "up").symlink_to(root)

    findings = discover()
    assert files(root, findings) == ["a/scan"]
    assert unusable(root, findings) == {"a/up": "link-repeated"}


def test_a_link_to_a_file_inside_is_read(root: Path, discover: Callable[..., Any]) -> None:
    fill(root, "scan")
    (root / "alias").symlink_to("scan")

    assert files(root, discover()) == ["alias", "scan"]


def test_links_that_lead_nowhere_are_listed(root: Path, discover: Callable[..., Any]) -> None:
    (root / "gone").symlink_to("absent")
    (root / "self").symlink_to("self")

    assert unusable(root, discover()) == {"gone": "dangling-link", "self": "dangling-link"}


@pytest.fixture
def outside(tmp_path: Path, root: Path) -> Path:
    fill(tmp_path / "outside", "scan", "deep/scan")
    (root / "folder").symlink_to(tmp_path / "outside")
    (root / "file").symlink_to(tmp_path / "outside" / "scan")
    return tmp_path / "outside"


def test_links_that_lead_out_are_listed(
    root: Path, outside: Path, discover: Callable[..., Any]
) -> None:
    assert unusable(root, discover()) == {"folder": "link-outside", "file": "link-outside"}


def test_links_that_lead_out_are_followed_when_asked(
    root: Path, outside: Path, discover: Callable[..., Any]
) -> None:
    findings = discover(follow_links=True)
    assert files(root, findings) == ["file", "folder/deep/scan", "folder/scan"]


def test_a_followed_link_that_leads_back_ends(
    root: Path, outside: Path, discover: Callable[..., Any]
) -> None:
    (outside / "back").symlink_to(root)
    (outside / "around").symlink_to(outside)

    findings = discover(follow_links=True)
    assert len(files(root, findings)) == 3
    assert unusable(root, findings) == {
        "folder/around": "link-repeated",
        "folder/back": "link-repeated",
    }


def test_pipes_sockets_and_devices_are_never_opened(
    root: Path, discover: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(root / "pipe")
    (root / "zero").symlink_to("/dev/zero")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        found = unusable(root, discover(follow_links=True, archives=True))

    assert found == {"pipe": "not-a-file", "socket": "not-a-file", "zero": "not-a-file"}


def test_what_the_globs_leave_out_is_not_listed(root: Path, discover: Callable[..., Any]) -> None:
    os.mkfifo(root / "pipe")
    (root / "gone").symlink_to("absent")

    assert discover(exclude=["gone"], include=["**/*.dcm"]) == []


@pytest.fixture
def closed(root: Path) -> Iterator[None]:
    fill(root, "open", "file", "folder/scan")
    (root / "file").chmod(0)
    (root / "folder").chmod(0)
    yield
    (root / "folder").chmod(0o755)


def test_what_cannot_be_read_is_listed(
    root: Path, tmp_path: Path, closed: None, discover: Callable[..., Any]
) -> None:
    if os.geteuid() != 0:
        findings = discover()

        assert files(root, findings) == ["open"]
        assert unusable(root, findings) == {"file": "unreadable", "folder": "unreadable"}
        return
    # To root nothing is unreadable: look as somebody else.
    script = (
        "import os, re, sys\n"
        "from pathlib import Path\n"
        "from dicomferry_plugins.folder import Folder\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "any_, none = re.compile('.+', re.S), re.compile('(?!)')\n"
        "folder = Folder(Path(sys.argv[1]), any_, none, none, True, False)\n"
        "print(sorted(getattr(f, 'code', 'found') for f in folder.discover()))\n"
    )
    for folder in (root, *root.parents):
        if folder.stat().st_uid == os.getuid() and "pytest-" in str(folder):
            folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", script, str(root)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "['found', 'unreadable', 'unreadable']", done.stderr


def zipped(path: Path, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_members_of_archives_are_found_in_place(root: Path, discover: Callable[..., Any]) -> None:
    zipped(root / "a.bin", one=b"1", two=b"22")
    with tarfile.open(root / "b.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("deep/three")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"333"))

    findings = discover(archives=True)
    assert files(root, findings) == ["a.bin!one", "a.bin!two", "b.tar.gz!deep/three"]
    assert [f.size for f in findings] == [1, 2, 3]


def test_an_archive_is_a_plain_file_unless_asked(root: Path, discover: Callable[..., Any]) -> None:
    zipped(root / "a.zip", one=b"1")

    assert files(root, discover()) == ["a.zip"]


def test_globs_and_parts_see_an_archive_as_a_folder(
    root: Path, discover: Callable[..., Any]
) -> None:
    zipped(root / "MC1.zip", **{"v1/a.dcm": b"1", "v1/b.txt": b"2", "v2/c.dcm": b"3"})

    (found,) = discover(
        archives=True,
        include=["**/*.dcm"],
        exclude=["**/v2"],
        parts=r"(?P<subject>\w+)\.zip/(?P<visit>\w+)/",
    )
    assert found.location.member == "v1/a.dcm"
    assert found.names == {"subject": "MC1", "visit": "v1"}


def test_a_broken_archive_is_listed(root: Path, discover: Callable[..., Any]) -> None:
    with tarfile.open(root / "a.tar.gz", "w:gz") as archive:
        for number in range(3):
            info = tarfile.TarInfo(str(number))
            info.size = 60_000
            archive.addfile(info, io.BytesIO(os.urandom(info.size)))
    whole = (root / "a.tar.gz").read_bytes()
    (root / "a.tar.gz").write_bytes(whole[: len(whole) // 2])
    fill(root, "scan")

    findings = discover(archives=True)
    assert files(root, findings)[-1] == "scan"
    assert unusable(root, findings) == {"a.tar.gz": "broken-archive"}


def test_a_name_that_an_archive_holds_twice_is_listed(
    root: Path, discover: Callable[..., Any]
) -> None:
    with zipfile.ZipFile(root / "a.zip", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("one", b"1")
        archive.writestr("one", b"2")

    findings = discover(archives=True)
    assert files(root, findings) == ["a.zip!one"]
    assert unusable(root, findings) == {"a.zip": "repeated-member"}


def test_globs_and_parts_see_a_compressed_file_by_its_own_path(
    root: Path, discover: Callable[..., Any]
) -> None:
    (root / "MC1").mkdir()
    for name in ("a.dcm.gz", "b.dcm.gz", "c.txt.gz"):
        (root / "MC1" / name).write_bytes(gzip.compress(b"1"))

    (found,) = discover(
        archives=True, include=["**/*.dcm.gz"], exclude=["**/b*"], parts=r"^(?P<who>\w+)/a.dcm.gz$"
    )
    assert found.location.member == "a.dcm"
    assert found.names == {"who": "MC1"}


def test_globs_see_archives_in_archives_as_folders(
    root: Path, discover: Callable[..., Any]
) -> None:
    zipped(root / "inner.zip", **{"a.dcm": b"1", "b.txt": b"2"})
    inner = (root / "inner.zip").read_bytes()
    (root / "inner.zip").unlink()
    zipped(root / "outer.zip", **{"x/inner.zip": inner, "y/inner.zip": inner})

    findings = discover(archives=True, include=["**/inner.zip/*.dcm"], exclude=["*/y"])
    assert files(root, findings) == ["outer.zip!x/inner.zip!a.dcm"]


def test_an_archive_of_nothing_is_listed(root: Path, discover: Callable[..., Any]) -> None:
    zipped(root / "a.zip")
    with tarfile.open(root / "b.tar", "w") as archive:
        info = tarfile.TarInfo("only a folder")
        info.type = tarfile.DIRTYPE
        archive.addfile(info)

    assert unusable(root, discover(archives=True)) == {
        "a.zip": "empty-archive",
        "b.tar": "empty-archive",
    }


def test_what_an_archive_cannot_give_is_listed(root: Path, discover: Callable[..., Any]) -> None:
    with tarfile.open(root / "a.tar", "w") as archive:
        for name, target in (("in", "file"), ("out", "/etc/passwd"), ("file", "")):
            info = tarfile.TarInfo(name)
            info.type = tarfile.SYMTYPE if target else tarfile.REGTYPE
            info.linkname = target
            archive.addfile(info)

    kinds = {f.location.member: type(f) for f in discover(archives=True)}
    assert kinds == {"file": LocalFile, "in": Unusable, "out": NotLookedInto}


def test_a_link_to_a_folder_that_is_left_out_is_followed(
    root: Path, discover: Callable[..., Any]
) -> None:
    fill(root, "store/1/scan", "store/2/scan")
    (root / "visible").symlink_to("store/1")

    findings = discover(exclude=["store"])
    assert files(root, findings) == ["visible/scan"]
    assert unusable(root, findings) == {}


def test_a_link_that_may_be_to_a_folder_is_listed_whatever_the_globs(
    root: Path, outside: Path, discover: Callable[..., Any]
) -> None:
    (root / "disk2").symlink_to("absent")
    (root / "9.dcm").symlink_to("absent")
    (root / "a.txt").symlink_to("absent")

    assert unusable(root, discover(include=["**/*.dcm"])) == {
        "disk2": "dangling-link",
        "9.dcm": "dangling-link",
        "file": "link-outside",
        "folder": "link-outside",
    }


def test_content_that_was_not_fetched_is_told_with_what_brings_it(
    root: Path, discover: Callable[..., Any]
) -> None:
    (root / "9.dcm").symlink_to(".git/annex/objects/bb/K9/K9")

    (found,) = discover()
    assert "git annex get" in found.reason
