"""The REST client: one login, renewed; every bad answer is an error and never an empty list."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomferry.xnat.rest import DeniedError, NotThereError, RestClient, RestError, RestSite
from dicomferry.xnat.rest.errors import SilentError
from support.fake_xnat_rest import Asked, FakeXnat, Says, fake_xnat, shaped, table
from support.patience import PATIENCE

LOGIN = "ferry:canary-password"
ROWS = [{"ID": str(number)} for number in range(5)]


@pytest.fixture
def fake() -> Iterator[FakeXnat]:
    with fake_xnat() as server:
        yield server


@pytest.fixture
def client(fake: FakeXnat) -> Iterator[RestClient]:
    with RestClient(RestSite(fake.url, LOGIN, timeout=PATIENCE), sleep=lambda _: None) as one:
        yield one


def paged(size: int) -> object:
    def answer(asked: Asked) -> Says:
        start = int(asked.query.get("offset", "0"))
        return table(ROWS[start : start + size], len(ROWS))

    return answer


def test_the_login_is_sent_once_and_its_cookie_after_that(
    fake: FakeXnat, client: RestClient
) -> None:
    fake.routes["/data/projects"] = table(ROWS)

    client.rows("/data/projects")
    client.rows("/data/projects")

    assert fake.count("/data/JSESSION", "POST") == 1
    for asked in fake.asked[1:]:
        assert "authorization" not in asked.headers
        assert asked.headers["cookie"] == "JSESSIONID=J1"


def test_the_session_is_ended_with_the_client(fake: FakeXnat) -> None:
    with RestClient(RestSite(fake.url, LOGIN)) as client:
        client.log_in()

    assert fake.count("/data/JSESSION", "DELETE") == 1


@pytest.mark.parametrize(
    "lapsed", [Says(401), Says(302, headers={"Location": "/app/template/Login.vm"})]
)
def test_a_lapsed_session_is_renewed(fake: FakeXnat, client: RestClient, lapsed: Says) -> None:
    fake.routes["/data/projects"] = [table(ROWS), lapsed, table(ROWS)]

    assert client.rows("/data/projects") == client.rows("/data/projects")
    assert fake.count("/data/JSESSION", "POST") == 2


def test_a_session_that_is_not_renewed_is_denied(fake: FakeXnat, client: RestClient) -> None:
    fake.routes["/data/projects"] = Says(401)

    with pytest.raises(DeniedError):
        client.rows("/data/projects")


def test_a_refused_login_is_told_without_it(fake: FakeXnat, client: RestClient) -> None:
    fake.routes["POST /data/JSESSION"] = Says(401)

    with pytest.raises(DeniedError, match="refuses the login") as caught:
        client.rows("/data/projects")

    assert "canary" not in str(caught.value) + repr(caught.value) + repr(client.site)


def test_a_login_that_is_sent_elsewhere_says_where(fake: FakeXnat, client: RestClient) -> None:
    elsewhere = {"Location": "https://xnat.example.org/data/JSESSION;jsessionid=SECRET"}
    fake.routes["POST /data/JSESSION"] = Says(301, headers=elsewhere)

    with pytest.raises(RestError) as caught:
        client.log_in()

    assert "https://xnat.example.org?" in caught.value.hint
    assert "SECRET" not in str(caught.value)


def test_a_login_of_netrc_is_not_used_unasked(
    fake: FakeXnat, client: RestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password canary\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    fake.routes["/data/projects"] = table(ROWS)

    client.rows("/data/projects")

    assert "authorization" not in fake.asked[-1].headers


def test_a_busy_server_is_asked_again(fake: FakeXnat, client: RestClient) -> None:
    fake.routes["/data/projects"] = [Says(503), Says(502), table(ROWS)]

    assert len(client.rows("/data/projects")) == len(ROWS)


def test_a_server_that_stays_busy_is_an_error(fake: FakeXnat, client: RestClient) -> None:
    fake.routes["/data/projects"] = Says(503)

    with pytest.raises(RestError, match="answers 503"):
        client.rows("/data/projects")


@pytest.mark.parametrize(("status", "kind"), [(403, DeniedError), (404, NotThereError)])
def test_refusals_are_told_apart(
    fake: FakeXnat, client: RestClient, status: int, kind: type[RestError]
) -> None:
    fake.routes["/data/projects"] = Says(status)

    with pytest.raises(kind):
        client.rows("/data/projects")


def test_a_server_error_is_an_error(fake: FakeXnat, client: RestClient) -> None:
    fake.routes["/data/projects"] = Says(500, b"<html>stack trace</html>")

    with pytest.raises(RestError, match="answers 500"):
        client.rows("/data/projects")


@pytest.mark.parametrize(
    "says",
    [
        Says(200, b"<html>maintenance</html>"),
        shaped(["no", "table"]),
        shaped({"ResultSet": {"Result": "none"}}),
    ],
)
def test_what_is_no_table_is_an_error(fake: FakeXnat, client: RestClient, says: Says) -> None:
    fake.routes["/data/projects"] = says

    with pytest.raises(RestError):
        client.rows("/data/projects")


@pytest.mark.parametrize("size", [1, 2, 4, 5])
def test_a_list_in_pages_is_read_whole(fake: FakeXnat, client: RestClient, size: int) -> None:
    fake.routes["/data/experiments"] = paged(size)

    assert [row["ID"] for row in client.rows("/data/experiments")] == ["0", "1", "2", "3", "4"]


def test_a_list_cut_short_is_an_error(fake: FakeXnat, client: RestClient) -> None:
    fake.routes["/data/experiments"] = table(ROWS, len(ROWS) + 1)

    with pytest.raises(RestError, match="gives 5 of 6 rows"):
        client.rows("/data/experiments")


def test_a_server_that_does_not_listen_is_silent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        site = RestSite(f"http://127.0.0.1:{taken.getsockname()[1]}", LOGIN)
        client = RestClient(site, sleep=lambda _: None)

        with pytest.raises(SilentError, match="there is no connection"):
            client.rows("/data/projects")


def test_a_server_that_does_not_answer_is_silent() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        site = RestSite(f"http://127.0.0.1:{mute.getsockname()[1]}", LOGIN, timeout=0.2)

        with pytest.raises(SilentError, match="does not answer in time"):
            RestClient(site).log_in()


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a PEM of a key and a certificate that nobody vouches for but itself."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed: sudo apt-get install openssl")
    folder = tmp_path_factory.mktemp("identity")
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    command = [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    pem = folder / "identity.pem"
    pem.write_bytes((folder / "key.pem").read_bytes() + (folder / "certificate.pem").read_bytes())
    return pem


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_certificate_nobody_vouches_for_is_refused(identity: Path) -> None:
    with fake_xnat(identity) as fake:
        with pytest.raises(SilentError, match="certificate is not trusted"):
            RestClient(RestSite(fake.url, LOGIN)).log_in()

        assert not fake.asked


def test_a_certificate_that_ca_vouches_for_is_taken(identity: Path) -> None:
    with fake_xnat(identity) as fake:
        ca = identity.parent / "certificate.pem"
        with RestClient(RestSite(fake.url, LOGIN, ca=str(ca))) as client:
            client.log_in()

        assert fake.count("/data/JSESSION", "POST") == 1


@pytest.mark.parametrize(
    "path",
    [
        "/data/projects/P/subjects/CANARY/experiments/CANARY_MR/scans",
        "/data/prearchive/projects/P/20240102_030405/CANARY_MR/scans",
        "/data/experiments/X_E1/scans/1/resources/2/files/CANARY.dcm",
    ],
)
@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_an_error_names_the_route_and_no_label(
    fake: FakeXnat, client: RestClient, path: str, status: int
) -> None:
    fake.routes[path] = Says(status)
    with pytest.raises(RestError) as caught:
        client.rows(path)
    assert "/…" in str(caught.value)
    assert "CANARY" not in str(caught.value)
