"""More than one way to ask a PACS: by what model, at what level, how many at once, how trusted."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from support import pacs, servers
from support.certificates import identity
from support.cli import ferry
from support.pacs_recipes import MOVER, csv_source, pacs_recipe
from support.scripted_pacs import Script, scripted

ROW = "Accession Number,Subject\nA0001,S1\n"

# pynetdicom, the PACS of these tests, leaves sockets of associations that were refused unclosed.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def images(folder: Path, **wanted: int) -> list[Dataset]:
    return [dcmread(path) for path in pacs.study(folder, 1, **wanted)]


def uids(of: list[Dataset]) -> list[str]:
    return sorted(str(one.SOPInstanceUID) for one in of)


@pytest.mark.parametrize("way", ["c-get", "c-move"])
@pytest.mark.parametrize(
    "script",
    [
        {"patient_root": True},
        {"refuses": ("SERIES", "IMAGE")},
        {"refuses": ("IMAGE",)},
        {"patient_root": True, "refuses": ("SERIES", "IMAGE")},
    ],
    ids=["patient-root", "study-level-alone", "series-level-alone", "patient-root-study-level"],
)
def test_a_study_comes_however_its_pacs_is_to_be_asked(
    tmp_path: Path, way: str, script: dict[str, object]
) -> None:
    held = images(tmp_path / "in", series=2)
    port = servers.free_port()
    moving = {"moves_to": port} if way == "c-move" else {}
    with (
        scripted(held, Script(**script, **moving)) as server,  # type: ignore[arg-type]
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(
            tmp_path, server, xnat, csv_source(tmp_path, ROW), retrieve=way, timeout=5,
            move_ae_title=MOVER, move_port=port,
        )  # fmt: skip
        result = ferry("run", recipe)
        arrived = uids([dcmread(file) for file in xnat.files()])

    assert result.returncode == 0, result.stdout + result.stderr
    assert arrived == uids(held)


def test_of_a_study_that_comes_whole_only_the_chosen_series_is_kept(tmp_path: Path) -> None:
    held = images(tmp_path / "in", series=3)
    with (
        scripted(held, Script(refuses=("SERIES", "IMAGE"))) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        source = csv_source(tmp_path, ROW, series={"include": {"SeriesNumber": ["2"]}})
        recipe = pacs_recipe(tmp_path, server, xnat, source, retrieve="c-get")
        result = ferry("run", recipe)
        arrived = uids([dcmread(file) for file in xnat.files()])

    assert result.returncode == 0, result.stdout + result.stderr
    assert arrived == uids(held[2:4])


@pytest.mark.parametrize("most", [1, 2])
def test_fewer_associations_are_opened_where_the_pacs_takes_no_more(
    tmp_path: Path, most: int
) -> None:
    held = [
        dcmread(path)
        for number in range(1, 7)
        for path in pacs.study(tmp_path / "in", number, instances=2)
    ]
    rows = "".join(f"A{number:04},S{number}\n" for number in range(1, 7))
    with (
        scripted(held, Script(most=most)) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        source = csv_source(tmp_path, f"Accession Number,Subject\n{rows}")
        recipe = pacs_recipe(tmp_path, server, xnat, source, retrieve="c-get", associations=4)
        result = ferry("run", recipe)
        arrived = uids([dcmread(file) for file in xnat.files()])

    assert result.returncode == 0, result.stdout + result.stderr
    assert arrived == uids(held)


@pytest.mark.parametrize(
    ("accept", "code"), [((), 1), (("other-patient-id",), 0)], ids=["held-back", "accepted"]
)
@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"PatientID": "P0001-OLD"}, "another PatientID"),
        ({"PatientID": "MERGED^7"}, "another PatientID"),
        ({"PatientName": "SOMEBODY^ELSE"}, "PatientName of another person"),
        ({"PatientBirthDate": "18991231"}, "PatientBirthDate of another person"),
    ],
)
def test_another_patient_than_the_pacs_told_is_taken_where_the_recipe_accepts_it(
    tmp_path: Path, accept: tuple[str, ...], code: int, told: dict[str, str], says: str
) -> None:
    held = images(tmp_path / "in")
    row = "Accession Number,Subject,Session\nA0001,S1,S1_MR\n"
    with (
        scripted(held, Script(pretends=told)) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(
            tmp_path, server, xnat, csv_source(tmp_path, row), retrieve="c-get",
            accept=list(accept),
        )  # fmt: skip
        result = ferry("run", recipe)

        assert result.returncode == code, result.stdout + result.stderr
        assert len(xnat.files()) == (0 if code else 2)
        assert (says in result.stdout) == bool(code)


@pytest.mark.parametrize(
    ("tls", "code", "says"),
    [
        ({"check_host_name": False}, 0, "Everything is stored"),
        ({}, 2, "check_host_name: false"),
        ({"ca": ""}, 2, "ca: under tls:"),
    ],
    ids=["pinned-and-nameless", "nameless", "not-vouched-for"],
)
def test_a_certificate_that_names_no_host_is_trusted_where_the_recipe_says_so(
    tmp_path: Path, tls: dict[str, object], code: int, says: str
) -> None:
    held = images(tmp_path / "in")
    own = identity(tmp_path, "nameless", "DNS:elsewhere.example.org")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own.certificate, own.key)
    with (
        scripted(held, Script(), tls=context) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(
            tmp_path, server, xnat, csv_source(tmp_path, ROW), retrieve="c-get",
            tls={"ca": own.certificate} | tls, timeout=5,
        )  # fmt: skip
        result = ferry("run", recipe)
        doctor = ferry("doctor", recipe)

    assert result.returncode == code or (code and result.returncode), result.stdout
    assert says in result.stdout + result.stderr + doctor.stdout + doctor.stderr


@pytest.mark.parametrize(
    ("charset", "codec", "name"),
    [
        ("ISO_IR 192", "utf-8", "M\u00fcller^J\u00f6rg"),
        ("ISO_IR 144", "iso8859-5", "\u041b\u044e\u043ace\u043c\u0431yp\u0433"),
        ("ISO_IR 101", "iso8859-2", "Wa\u0142\u0119sa^L"),
        ("GB18030", "gb18030", "Wang^XiaoDong=\u738b^\u5c0f\u4e1c"),
    ],
    ids=["utf-8", "cyrillic", "latin-2", "chinese"],
)
def test_texts_are_read_in_the_charset_of_a_pacs_that_names_none(
    tmp_path: Path, charset: str, codec: str, name: str
) -> None:
    held = [
        dcmread(path)
        for path in pacs.study(
            tmp_path / "in", 1, PatientName=name, SpecificCharacterSet="ISO_IR 192"
        )
    ]
    row = f"Patient Name,Subject\n{name.partition('=')[0]},S1\n"
    with (
        scripted(held, Script(nameless=codec, ignores=("PatientName",))) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(
            tmp_path, server, xnat, csv_source(tmp_path, row), retrieve="c-get", charset=charset
        )
        result = ferry("run", recipe)

        assert result.returncode == 0, result.stdout + result.stderr
        assert len(xnat.files()) == 2


def test_a_charset_that_is_none_is_an_error_of_the_recipe(tmp_path: Path) -> None:
    nobody = servers.StoreScp(1, "NOBODY", tmp_path, None)  # type: ignore[arg-type]
    recipe = pacs_recipe(tmp_path, nobody, nobody, csv_source(tmp_path, ROW), charset="UTF-8")
    result = ferry("validate", recipe)

    assert result.returncode == 2
    assert "'UTF-8' is no Specific Character Set" in result.stdout + result.stderr
