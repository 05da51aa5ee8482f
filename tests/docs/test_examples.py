"""The worked plug-ins of the documentation work as they are printed there."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest
from pydicom import dcmread

from dicomferry import Edits, Rejected, Stored, Unusable
from dicomferry.testing import (
    build_stage,
    check_sink,
    check_source,
    check_transform,
    header_of,
    instance_bytes,
)
from support.cli import ferry
from support.instances import make_instances

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
BLOCK = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
SALT = {"STUDY_SALT": "what nobody guesses"}


def written(name: str, folder: Path) -> Path:
    """Write the files that a page prints into a folder, and return it."""
    for file, text in BLOCK.findall((EXAMPLES / f"{name}.md").read_text()):
        (folder / file).write_text(text)
    return folder


@pytest.fixture
def module_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Give a function that imports the module a page prints."""

    def imported(name: str) -> ModuleType:
        path = written(name, tmp_path) / f"{name.replace('-', '_')}.py"
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, path.stem, module)
        spec.loader.exec_module(module)
        return module

    return imported


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """Run a web server on a free port that answers by a function; give its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def do_POST(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def say(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"") -> None:
    handler.send_response(status)
    if status == 302:
        handler.send_header("Location", "/elsewhere")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def test_every_page_has_a_test() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.md")}

    assert names == {"shift-dates", "object-store", "web-hook"}


# A transform that shifts dates.


@pytest.fixture
def shift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module_of: Callable[[str], ModuleType]
) -> Callable[..., Edits | Rejected]:
    monkeypatch.setenv(*next(iter(SALT.items())))
    component = module_of("shift-dates").COMPONENT
    transform = build_stage(component, {"salt": "${env:STUDY_SALT}"}, tmp_path)

    def answer(**attributes: object) -> Edits | Rejected:
        (found,) = check_transform(transform, [header_of(attributes)])
        return found

    return answer


def test_shifted_dates_keep_their_distance(tmp_path: Path) -> None:
    from datetime import date

    written("shift-dates", tmp_path)
    (tmp_path / "data").mkdir()
    for number, day in enumerate(("20050102", "20060102")):
        attributes = {"StudyDate": day, "InstanceNumber": number}
        (tmp_path / "data" / str(number)).write_bytes(instance_bytes(attributes))

    result = ferry(
        "plugins", "try", tmp_path, "--recipe", tmp_path / "recipe.yaml", "--run", env=SALT
    )

    assert result.returncode == 0, result.stdout + result.stderr
    days = sorted(
        date.fromisoformat(dcmread(path).StudyDate) for path in (tmp_path / "out").rglob("*.dcm")
    )
    assert (days[1] - days[0]).days == 365
    assert days[0] < date(2005, 1, 2)


def test_dates_inside_sequences_and_date_times_move_alike(
    shift: Callable[..., Edits | Rejected],
) -> None:
    from pydicom import Dataset

    item = Dataset()
    item.ScheduledProcedureStepStartDate = "20050102"
    attributes = {
        "RequestAttributesSequence": [item],
        "AcquisitionDateTime": "20050102093000.5+0100",
    }
    answer = shift(**attributes)

    moved = header_of(attributes).edited(answer)
    day = moved.text("StudyDate")
    assert moved.text("AcquisitionDateTime") == f"{day}093000.5+0100"
    (inside,) = moved.items(0x00400275)
    assert inside.text("ScheduledProcedureStepStartDate") == day


@pytest.mark.parametrize("attributes", [{"AcquisitionDateTime": "2005"}, {"PatientID": ""}])
def test_what_cannot_be_shifted_is_held_back(
    shift: Callable[..., Edits | Rejected], attributes: Mapping[str, str]
) -> None:
    assert isinstance(shift(**attributes), Rejected)


# A source over an object store's listing.


@dataclass
class Bucket:
    """A bucket that lists two objects a page."""

    objects: dict[str, bytes] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    brought: list[str] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        if parts.path == "/b/":
            say(handler, 200, self._page(parse_qs(parts.query)))
            return
        key = unquote(parts.path.removeprefix("/b/"))
        self.brought.append(key)
        known = key in self.objects and key not in self.lost
        say(handler, 200 if known else 404, self.objects[key] if known else b"")

    def _page(self, query: Mapping[str, list[str]]) -> bytes:
        start = int(query.get("continuation-token", ["0"])[0])
        keys = [key for key in sorted(self.objects) if key.startswith(query["prefix"][0])]
        lines = [
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[key])}</Size>"
            "<LastModified>2020-01-02T03:04:05.000Z</LastModified></Contents>"
            for key in keys[start : start + 2]
        ]
        more = f"<NextContinuationToken>{start + 2}</NextContinuationToken>"
        rest = more if start + 2 < len(keys) else ""
        namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        whole = f'<ListBucketResult xmlns="{namespace}">{"".join(lines)}{rest}</ListBucketResult>'
        return whole.encode()


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    files = make_instances(tmp_path / "made", 5)
    objects = {f"clinic/a & ü/{number}": file.read_bytes() for number, file in enumerate(files)}
    return Bucket({**objects, "other/x": b"not asked for"})


def test_every_listed_object_is_carried(tmp_path: Path, bucket: Bucket) -> None:
    (tmp_path / "here").mkdir()
    here = written("object-store", tmp_path / "here")
    with serving(bucket.answer) as address:
        common = ("--set", f"bucket={address}/b")
        result = ferry("plugins", "try", here, "--recipe", here / "recipe.yaml", "--run", *common)

    assert result.returncode == 0, result.stdout + result.stderr
    carried = {hashlib.sha256(path.read_bytes()).digest() for path in (here / "out").rglob("*.dcm")}
    asked = [body for key, body in bucket.objects.items() if key.startswith("clinic/")]
    assert carried == {hashlib.sha256(body).digest() for body in asked}


def test_the_bucket_keeps_the_contract_and_brings_an_object_once(
    tmp_path: Path, bucket: Bucket, module_of: Callable[[str], ModuleType]
) -> None:
    component = module_of("object-store").COMPONENT
    with serving(bucket.answer) as address:
        options = {"url": f"{address}/b", "prefix": "clinic/", "spool": "spool"}
        found = check_source(build_stage(component, options, tmp_path))

    assert len(found) == len(bucket.brought) == 5


def test_an_object_that_is_lost_is_listed_with_a_reason(
    tmp_path: Path, bucket: Bucket, module_of: Callable[[str], ModuleType]
) -> None:
    bucket.lost = frozenset({"clinic/a & ü/3"})
    component = module_of("object-store").COMPONENT
    with serving(bucket.answer) as address:
        options = {"url": f"{address}/b", "prefix": "clinic/", "spool": "spool"}
        found = list(build_stage(component, options, tmp_path).discover())

    assert [finding.reason for finding in found if isinstance(finding, Unusable)] == [
        "HTTP Error 404: Not Found"
    ]


# A sink that posts to a web hook.


@dataclass
class Hook:
    """Keeps what is posted, and answers with one status."""

    status: int = 200
    posted: dict[str, bytes] = field(default_factory=dict)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
        if handler.command == "POST" and len(body) == int(handler.headers["Content-Length"]):
            self.posted[handler.headers["X-SOP-Instance-UID"]] = body
        say(handler, self.status if handler.command == "POST" else 200)


def test_every_instance_is_posted(tmp_path: Path) -> None:
    files = make_instances(tmp_path / "data", 5)
    here, hook = written("web-hook", tmp_path), Hook()
    with serving(hook.answer) as address:
        common = ("--set", f"hook={address}/inbox")
        result = ferry("plugins", "try", here, "--recipe", here / "recipe.yaml", "--run", *common)

    assert result.returncode == 0, result.stdout + result.stderr
    assert set(hook.posted.values()) == {file.read_bytes() for file in files}


def test_the_hook_keeps_the_contract(
    tmp_path: Path, module_of: Callable[[str], ModuleType]
) -> None:
    component, hook = module_of("web-hook").COMPONENT, Hook()
    with serving(hook.answer) as address:
        sink = build_stage(component, {"url": address}, tmp_path)
        outcomes = check_sink(sink, make_instances(tmp_path / "data", 3), hook.posted.__getitem__)

    assert outcomes == [Stored("HTTP 200")] * 3


@pytest.mark.parametrize(
    ("status", "outcome"), [(302, "failed"), (413, "rejected"), (429, "failed"), (503, "failed")]
)
def test_what_the_hook_does_not_take_is_not_called_stored(
    status: int, outcome: str, tmp_path: Path
) -> None:
    make_instances(tmp_path / "data", 1)
    here, hook = written("web-hook", tmp_path), Hook(status)
    with serving(hook.answer) as address:
        common = ("--set", f"hook={address}/inbox")
        result = ferry("plugins", "try", here, "--recipe", here / "recipe.yaml", "--run", *common)

    assert result.returncode == 1
    assert f"0 instances stored, 1 {outcome}" in result.stdout
    assert f"HTTP {status}" in result.stdout
