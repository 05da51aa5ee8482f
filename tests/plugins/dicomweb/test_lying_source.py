"""A DICOMweb server that lies in one way after another: each instance is accounted for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from support import pacs
from support.certificates import identity
from support.instances import uid
from support.lying_web import LyingWeb, Reply, lying_web

ALL = 7
"""Instances of study 1 (five of one series) and of study 2 (two of one series)."""

Rows = list[dict[str, Any]]
FIRST = uid("sop", 1, 1, 1)


class Way(Struct, frozen=True):
    """A way to lie; how the run ends, how many instances arrive, and what is said."""

    web: dict[str, Any]
    code: int = 0
    arrive: int = ALL
    says: str = ""


def at_first(*replies: Reply) -> Callable[[str, str], Reply | None]:
    """Answer so first, and then the truth."""
    left = list(replies)
    return lambda method, path: left.pop(0) if left else None


def always(end: str, reply: Reply) -> Callable[[str, str], Reply | None]:
    return lambda method, path: reply if path.endswith(end) else None


def rows(level: str, change: Callable[[Rows], Rows]) -> Callable[[str, Rows], Rows]:
    return lambda asked, found: change(found) if asked == level else found


def counts(tag: str, number: int) -> Callable[[Rows], Rows]:
    told = {tag: {"vr": "IS", "Value": [number]}}
    return lambda found: [{**row, **told} for row in found]


HTML = Reply(200, b"<html>please log in</html>", {"Content-Type": "text/html"})

WAYS = {
    "truth": Way({}),
    "pages-of-one": Way({"cap": 1}),
    "pages-of-two": Way({"cap": 2}),
    "limit-ignored": Way({"heeds_limit": False}),
    "offset-ignored": Way({"heeds_offset": False}, 1, 0, "began again with the first row"),
    "offset-ignored-and-capped": Way(
        {"heeds_offset": False, "cap": 1}, 1, 0, "began again with the first row"
    ),
    "warning-of-more": Way(
        {"warning": '299 clinic: "There are more"'}, 1, 0, "says that there is more"
    ),
    "repeats": Way({"rows": rows("studies", lambda found: found + found[:1])}),
    "an-instance-not-listed": Way(
        {"rows": rows("instances", lambda found: found[1:])}, 0, ALL, "and lists 4"
    ),
    "the-last-instance-not-listed": Way(
        {"rows": rows("instances", lambda found: found[:-1])}, 0, ALL, "had not listed"
    ),
    "no-instance-listed": Way({"rows": rows("instances", lambda found: [])}, 0, ALL),
    "no-instance-listed-and-cut": Way(
        {"rows": rows("instances", lambda found: []), "closing": lambda parts: False}, 1, ALL - 2,
        "cut short",
    ),
    "a-series-not-listed": Way(
        {"rows": rows("series", lambda found: found[1:])}, 1, 0, "no series of it is listed"
    ),
    "more-told-than-listed": Way(
        {"rows": rows("studies", counts("00201206", 3))}, 1, ALL, "tells of 3 series and lists 1"
    ),
    "html-for-studies": Way({"reply": always("/studies", HTML)}, 1, 0, "text/html"),
    "html-for-instances": Way({"reply": always("/instances", HTML)}, 1, 0, "text/html"),
    "an-instance-in-place-of-a-list": Way(
        {"reply": always("/studies", Reply(200, b'{"0020000D": 5}'))}, 1, 0, "JSON Model"
    ),
    "json-cut": Way(
        {"reply": at_first(*[Reply(200, b"[" + b" " * 999, cut=True)] * 3)}, 2, 0, "connection"
    ),
    "busy-at-first": Way({"reply": at_first(Reply(503), Reply(429, fields={"Retry-After": "1"}))}),
    "unauthorized-once": Way({"reply": at_first(Reply(401))}),
    "unauthorized": Way({"reply": lambda method, path: Reply(401)}, 2, 0, "wants a login"),
    "sent-elsewhere": Way(
        {"reply": lambda method, path: Reply(302, fields={"Location": "http://127.0.0.1:9/"})},
        1, 0, "sends us elsewhere",
    ),
    "broken-server": Way({"reply": always("/studies", Reply(500))}, 1, 0, "answers 500"),
    "no-closing-boundary": Way({"closing": lambda parts: parts == 1}),
    "half-of-the-parts": Way(
        {"parts": lambda files: files[: len(files) // 2], "closing": lambda parts: parts == 1}
    ),
    "half-of-the-parts-and-closed": Way({"parts": lambda files: files[: len(files) // 2]}),
    "hangs-up-within-a-series": Way(
        {"parts": lambda files: [files[0][:500]], "closing": lambda parts: False,
         "length": lambda parts: 9999}, 1, 0, "ended the connection",
    ),
    "hangs-up-within-the-second-of-a-series": Way(
        {"parts": lambda files: [files[0], files[0][:500]], "closing": lambda parts: parts == 1,
         "length": lambda parts: 9999 if parts > 1 else None},
    ),
    "parts-that-are-no-dicom": Way({"parts": lambda files: [b"sorry"] * len(files)}),
    "a-part-twice": Way({"parts": lambda files: [*files, files[0]]}),
    "no-series-at-all": Way(
        {"reply": lambda method, path: Reply(404) if path.count("/") == 4
         and path.split("/")[3] == "series" else None}
    ),
    "an-instance-gone": Way(
        {"reply": always(FIRST, Reply(404)), "parts": lambda files: files[1:]}, 1, ALL - 1,
        "answers 404",
    ),
    "an-instance-in-html": Way(
        {"reply": always(FIRST, HTML), "parts": lambda files: files[1:]}, 1, ALL - 1, "text/html"
    ),
}  # fmt: skip


def fill(web: LyingWeb, folder: Path) -> None:
    web.add(pacs.study(folder, 1, instances=5))
    web.add(pacs.study(folder, 2, instances=2))


@pytest.mark.parametrize("way", WAYS)
def test_each_instance_arrives_or_the_run_says_that_it_did_not(
    way: str, tmp_path: Path, recipe: Any, run: Any, exported: Any
) -> None:
    expected = WAYS[way]
    with lying_web(**expected.web) as web:
        fill(web, tmp_path / "in")
        ended = run("run", recipe(web.url))
    said = ended.stdout + ended.stderr
    assert ended.returncode == expected.code, said
    assert expected.says in said
    arrived = exported()
    assert len(arrived) == expected.arrive, said
    assert all(web.files[name] == content for name, content in arrived.items())


def test_what_is_whole_at_once_is_believed_where_the_recipe_says_so(
    tmp_path: Path, recipe: Any, run: Any, exported: Any
) -> None:
    with lying_web(heeds_offset=False) as web:
        fill(web, tmp_path / "in")
        ended = run("run", recipe(web.url, paging="whole"))
    assert ended.returncode == 0, ended.stderr
    assert len(exported()) == ALL


def test_only_new_studies_are_looked_into_again(tmp_path: Path, recipe: Any, run: Any) -> None:
    with lying_web() as web:
        fill(web, tmp_path / "in")
        path = recipe(web.url)
        assert run("plan", path).returncode == 0
        before = len(web.asked("/series"))
        web.add(pacs.study(tmp_path / "in", 3))
        assert run("plan", path).returncode == 0
        assert len(web.asked("/series")) == before + 1


def test_a_login_goes_with_each_request_and_is_written_nowhere(
    tmp_path: Path, recipe: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_LOGIN", "ferry:open sesame")
    with lying_web() as web:
        fill(web, tmp_path / "in")
        ended = run("run", recipe(web.url, login="${env:WEB_LOGIN}"))
    assert ended.returncode == 0, ended.stderr
    assert set(web.logins) == {"ferry:open sesame"}
    state = [path.read_bytes() for path in (tmp_path / ".dicomferry").rglob("*") if path.is_file()]
    assert b"sesame" not in b"".join([*state, (ended.stdout + ended.stderr).encode()])


def test_a_server_is_trusted_by_the_certificate_that_the_recipe_names(
    tmp_path: Path, recipe: Any, run: Any, exported: Any
) -> None:
    own = identity(tmp_path, "clinic")
    with lying_web(own) as web:
        fill(web, tmp_path / "in")
        ended = run("run", recipe(web.url))
        assert ended.returncode == 2
        assert "is not trusted" in ended.stderr
        ended = run("run", recipe(web.url, ca="clinic.crt"))
        assert ended.returncode == 0, ended.stderr
    assert len(exported()) == ALL


@pytest.mark.parametrize(
    ("server", "says"),
    [
        ({"login": "${env:L}", "token": "${env:T}"}, "a login or a token, not both"),
        ({"certificate": "mine.crt"}, "key is missing"),
        ({"hours": {"sometimes": "all"}}, "hours"),
        ({"login": "${env:NO_COLON}"}, "does not resolve to user:password"),
        ({"ca": "nowhere.pem"}, "there is no such file"),
    ],
)
def test_what_is_wrong_with_a_server_is_said(
    server: dict[str, Any], says: str, recipe: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLON", "ferry")
    ended = run("plan", recipe("http://127.0.0.1:9/dicom-web", **server))
    assert ended.returncode == 2
    assert says in ended.stderr


def test_an_instance_with_a_long_header_is_known_and_taken(
    tmp_path: Path, recipe: Any, run: Any, exported: Any
) -> None:
    long = {"EncapsulatedDocument": b"d" * 300_000}
    with lying_web() as web:
        web.add(pacs.study(tmp_path / "in", 1, **long))
        ended = run("run", recipe(web.url))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert exported() == web.files


def test_an_instance_that_does_not_fit_the_spool_is_named(
    tmp_path: Path, recipe: Any, run: Any, exported: Any
) -> None:
    large = {"EncapsulatedDocument": b"d" * 3_000_000}
    with lying_web() as web:
        web.add(pacs.study(tmp_path / "in", 1, instances=1, **large))
        web.add(pacs.study(tmp_path / "in", 2))
        ended = run("run", recipe(web.url), "--spool", "1")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "1 failed" in ended.stdout
    assert "spool" in ended.stdout
    assert set(exported()) == {uid("sop", 2, 1, 1), uid("sop", 2, 1, 2)}
