"""The worked plug-ins of the documentation work as they are printed there."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest
from pydicom import dcmread

from dicomferry import Edits, Rejected, Stored, Unusable
from dicomferry.testing import (
    build_stage,
    check_fetcher,
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


# A source over an object store, and what fetches from it.


@dataclass
class Bucket:
    """A bucket that lists two objects a page, and answers range requests.

    `served` counts the bytes of objects that it sent.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    times: dict[str, str] = field(default_factory=dict)
    served: int = 0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        if parts.path == "/b/":
            say(handler, 200, self._page(parse_qs(parts.query)))
            return
        key = unquote(parts.path.removeprefix("/b/"))
        if key not in self.objects or key in self.lost:
            say(handler, 404)
            return
        body, status = self.objects[key], 200
        if wanted := handler.headers.get("Range"):
            first, last = wanted.removeprefix("bytes=").split("-")
            body, status = body[int(first) : int(last) + 1], 206
        self.served += len(body)
        say(handler, status, body)

    def _page(self, query: Mapping[str, list[str]]) -> bytes:
        start = int(query.get("continuation-token", ["0"])[0])
        keys = [key for key in sorted(self.objects) if key.startswith(query["prefix"][0])]
        lines = [
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[key])}</Size>"
            f"<ETag>{hashlib.md5(self.objects[key]).hexdigest()}</ETag>"
            f"<LastModified>{self.times.get(key, '2020-01-02T03:04:05.000Z')}</LastModified>"
            "</Contents>"
            for key in keys[start : start + 2]
        ]
        more = f"<NextContinuationToken>{start + 2}</NextContinuationToken>"
        rest = more if start + 2 < len(keys) else ""
        namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        whole = f'<ListBucketResult xmlns="{namespace}">{"".join(lines)}{rest}</ListBucketResult>'
        return whole.encode()


STORE = ("clinic/a & ü/", 5)


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    """Give a bucket of five images of 512 KiB, and one that is not asked for."""
    files = make_instances(tmp_path / "made", STORE[1], rows=512)
    objects = {f"{STORE[0]}{number}": file.read_bytes() for number, file in enumerate(files)}
    return Bucket({**objects, "other/x": b"not asked for"})


@pytest.fixture
def store(tmp_path: Path, module_of: Callable[[str], ModuleType]) -> Callable[[str], Any]:
    """Give a function that builds the source of the page for a bucket's address."""
    module = module_of("object-store")

    def built(address: str) -> Any:
        options = {"server": "research", "prefix": "clinic/", "headers": "headers.sqlite"}
        servers = {"research": module.Bucket(url=f"{address}/b")}
        return build_stage(module.COMPONENT, options, tmp_path, servers)

    return built


def tried(address: str, here: Path, *options: str) -> str:
    """Try the plug-in of the page with its recipe; return what was printed."""
    common = ("--recipe", here / "recipe.yaml", "--set", f"bucket={address}/b")
    result = ferry("plugins", "try", here, *common, *options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_a_plan_reads_headers_and_a_run_brings_every_object(tmp_path: Path, bucket: Bucket) -> None:
    (tmp_path / "here").mkdir()
    here = written("object-store", tmp_path / "here")
    asked = [body for key, body in bucket.objects.items() if key.startswith("clinic/")]
    with serving(bucket.answer) as address:
        told = tried(address, here)
        planned = bucket.served
        tried(address, here)
        planned_again = bucket.served - planned
        tried(address, here, "--run")
        run = bucket.served - planned

    assert "5 instances" in told
    assert planned < sum(map(len, asked)) / 50
    assert planned_again == 0
    assert run == sum(map(len, asked))
    carried = {hashlib.sha256(path.read_bytes()).digest() for path in (here / "out").rglob("*.dcm")}
    assert carried == {hashlib.sha256(body).digest() for body in asked}


def test_what_a_plan_of_a_bucket_says_is_what_becomes_of_it(tmp_path: Path, bucket: Bucket) -> None:
    (tmp_path / "here").mkdir()
    here = written("object-store", tmp_path / "here")
    with serving(bucket.answer) as address:
        told = tried(address, here)
        again = tried(address, here, "--run") and tried(address, here, "--state", str(here / "s"))

    size = sum(len(body) for key, body in bucket.objects.items() if key.startswith("clinic/"))
    assert f"{size / 10**6:.1f} MB" in told
    assert told == again


def test_an_object_that_changed_is_read_and_brought_anew(tmp_path: Path, bucket: Bucket) -> None:
    (tmp_path / "here").mkdir()
    here = written("object-store", tmp_path / "here")
    key = f"{STORE[0]}3"
    with serving(bucket.answer) as address:
        tried(address, here, "--run")
        whole = bucket.objects[key]
        bucket.objects[key] = changed = whole[:-8] + b"another!"
        bucket.times[key] = "2021-01-02T03:04:05.000Z"
        before = bucket.served
        shutil.rmtree(here / "out")  # the sink keeps to what it has
        tried(address, here, "--run")

    assert len(changed) < bucket.served - before < len(changed) + len(whole) / 10
    assert [path.read_bytes() for path in (here / "out").rglob("*.dcm")] == [changed]


def test_the_source_of_a_bucket_keeps_the_contract(
    bucket: Bucket, store: Callable[[str], Any]
) -> None:
    with serving(bucket.answer) as address:
        found = check_source(store(address))

    assert len(found) == STORE[1]


def test_the_fetcher_of_a_bucket_keeps_the_contract(
    tmp_path: Path, bucket: Bucket, store: Callable[[str], Any]
) -> None:
    with serving(bucket.answer) as address:
        source = store(address)
        (first, *_) = found = list(source.discover())
        study = [one for one in found if one.ref.study_instance_uid == first.ref.study_instance_uid]
        module = sys.modules["object_store"]
        fetcher = build_stage(module.FETCHER, {"url": f"{address}/b"}, tmp_path)
        files = check_fetcher(fetcher, study, tmp_path / "fetched")

    assert [file.read_bytes() for file in files] == [bucket.objects[one.key] for one in study]


def test_an_object_that_is_lost_is_listed_with_a_reason(
    bucket: Bucket, store: Callable[[str], Any]
) -> None:
    bucket.lost = frozenset({f"{STORE[0]}3"})
    with serving(bucket.answer) as address:
        found = list(store(address).discover())

    assert [finding.reason for finding in found if isinstance(finding, Unusable)] == [
        "HTTP Error 404: Not Found"
    ]


def test_an_object_that_is_lost_after_the_plan_is_told(tmp_path: Path, bucket: Bucket) -> None:
    (tmp_path / "here").mkdir()
    here = written("object-store", tmp_path / "here")
    with serving(bucket.answer) as address:
        tried(address, here)
        bucket.lost = frozenset({f"{STORE[0]}3"})
        common = ("--recipe", here / "recipe.yaml", "--set", f"bucket={address}/b")
        result = ferry("plugins", "try", here, *common, "--run")

    assert result.returncode == 1
    assert "not retrieved from research: HTTP Error 404: Not Found" in result.stdout
    assert len(list((here / "out").rglob("*.dcm"))) == STORE[1] - 1


def test_a_plan_without_the_fetcher_says_which_plug_in_is_missing(
    tmp_path: Path, bucket: Bucket
) -> None:
    (tmp_path / "here").mkdir()
    here = written("object-store", tmp_path / "here")
    plugin = here / "object_store.py"
    plugin.write_text(plugin.read_text().replace("    yield FETCHER", "    yield from ()"))
    with serving(bucket.answer) as address:
        common = ("--recipe", here / "recipe.yaml", "--set", f"bucket={address}/b")
        result = ferry("plugins", "try", here, *common)

    assert result.returncode == 2
    assert "no plug-in offers the fetcher 'object-store'" in result.stderr
    assert "'research'" in result.stderr


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
