"""A server that answers STOW-RS in one odd way after another, judged by what it holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from pydicom import Dataset

from support import pacs
from support.instances import uid
from support.lying_web import LyingWeb, Reply, lying_web

FIRST = uid("sop", 1, 1, 1)
ALL = 3
JSON = {"Content-Type": "application/dicom+json"}
HTML = Reply(200, b"<html>please log in</html>", {"Content-Type": "text/html"})

Replies = Callable[[str, str], Reply | None]


class Way(Struct, frozen=True):
    """An odd way; how the run ends, how many requests store, and what is said.

    `lost` are the instances that the server has not got in the end.
    """

    web: dict[str, Any]
    code: int = 0
    posts: int = ALL
    says: str = ""
    lost: int = 0


def posts(*replies: Reply) -> Replies:
    """Answer the first POSTs so, before anything is kept."""
    left = list(replies)
    return lambda method, path: left.pop(0) if method == "POST" and left else None


def about(one: Dataset, sequence: str, **reason: int) -> dict[str, Any]:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = one.SOPClassUID, one.SOPInstanceUID
    for keyword, value in reason.items():
        setattr(item, keyword, value)
    answer = Dataset()
    setattr(answer, sequence, [item])
    found: dict[str, Any] = answer.to_json_dict()
    return found


def first(status: int, sequence: str, **reason: int) -> Callable[[Dataset], Reply | None]:
    """Answer so for the first instance, whenever it comes."""

    def reply(one: Dataset) -> Reply | None:
        if one.SOPInstanceUID != FIRST:
            return None
        return Reply(status, json.dumps(about(one, sequence, **reason)).encode(), JSON)

    return reply


def kept_and(reply: Reply) -> Callable[[Dataset], Reply | None]:
    """Keep the first instance, and answer so."""
    return lambda one: reply if one.SOPInstanceUID == FIRST else None


WAYS = {
    "truth": Way({}),
    "stored-with-a-warning": Way(
        {"on_store": first(202, "ReferencedSOPSequence", WarningReason=0xB000)}, says="coerced"
    ),
    "refused-by-name": Way(
        {"on_store": first(409, "FailedSOPSequence", FailureReason=0xA900)}, 1, ALL, "0xA900"
    ),
    "fails-within-itself": Way(
        {"on_store": first(202, "FailedSOPSequence", FailureReason=0xC000)}, 1, ALL + 2, "0xC000"
    ),
    "out-of-resources": Way(
        {"on_store": first(202, "FailedSOPSequence", FailureReason=0xA700)}, 1, ALL + 4, "0xA700"
    ),
    "kept-and-html": Way({"on_store": kept_and(HTML)}),
    "kept-and-an-empty-answer": Way({"on_store": kept_and(Reply(200))}),
    "kept-and-a-broken-server": Way({"on_store": kept_and(Reply(500))}),
    "kept-and-an-answer-cut-short": Way({"on_store": kept_and(Reply(200, b"x" * 999, cut=True))}),
    "html-and-nothing-kept": Way({"reply": posts(HTML)}, 0, ALL + 1),
    "html-for-ever": Way(
        {"reply": lambda method, path: HTML if method == "POST" else None},
        1, 6, "does not name the instance", lost=ALL,
    ),
    "busy-at-first": Way({"reply": posts(Reply(503), Reply(429))}, 0, ALL + 2),
    "hangs-up-at-first": Way({"reply": posts(Reply(0, cut=True))}, 0, ALL + 1),
    "too-large": Way({"reply": posts(Reply(413))}, 1, ALL, "bytes are more than", lost=1),
    "conflict": Way({"reply": posts(Reply(409))}, 1, ALL, "409", lost=1),
    "unauthorized": Way(
        {"reply": lambda method, path: Reply(401)}, 1, 0, "does not let us in", lost=ALL
    ),
    "forbidden": Way(
        {"reply": lambda method, path: Reply(403) if method == "POST" else None},
        1, 2, "takes nothing by STOW-RS", lost=ALL,
    ),
    "sent-elsewhere": Way(
        {"reply": lambda method, path: Reply(302, fields={"Location": "http://127.0.0.1:9/"})
         if method == "POST" else None},
        1, 2, "takes nothing by STOW-RS", lost=ALL,
    ),
}  # fmt: skip


def run_into(web: LyingWeb, tmp_path: Path, recipe: Any, run: Any) -> Any:
    pacs.study(tmp_path / "in", 1, instances=ALL)
    return run("run", recipe(web.url, folder="in"))


@pytest.mark.parametrize("way", WAYS)
def test_stored_is_what_the_server_holds(way: str, tmp_path: Path, recipe: Any, run: Any) -> None:
    expected = WAYS[way]
    with lying_web(**expected.web) as web:
        ended = run_into(web, tmp_path, recipe, run)
        said = ended.stdout + ended.stderr
        assert ended.returncode == expected.code, said
        assert expected.says in said
        assert (
            len([target for method, target in web.requests if method == "POST"]) == expected.posts
        )
        sent = {path.read_bytes() for path in (tmp_path / "in").iterdir()}
        assert set(web.files.values()) <= sent
        assert len(web.files) == ALL - expected.lost


def test_an_older_one_of_the_same_uid_is_not_taken_for_what_was_sent(
    tmp_path: Path, recipe: Any, run: Any
) -> None:
    with lying_web(reply=lambda method, path: HTML if method == "POST" else None) as web:
        web.add(pacs.study(tmp_path / "older", 1, instances=ALL, PatientID="OTHER"))
        ended = run_into(web, tmp_path, recipe, run)
    assert ended.returncode == 1, ended.stdout
    assert "0 instances stored" in ended.stdout


def test_what_failed_goes_again_with_the_next_run_and_nothing_else_does(
    tmp_path: Path, recipe: Any, run: Any
) -> None:
    with lying_web(reply=posts(Reply(413))) as web:
        assert run_into(web, tmp_path, recipe, run).returncode == 1
        before = len(web.stored)
        ended = run("run", tmp_path / "web.yaml")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (before, len(web.stored)) == (ALL - 1, ALL)
