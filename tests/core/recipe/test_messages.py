"""What a person is told: all faults at once, each with place, path, words and a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomferry.errors import ProblemsError
from dicomferry.recipe.components import Components
from dicomferry.recipe.load import load_identification, load_recipe

HERE = Path(__file__).parent

HEAD = "recipe: 1\nname: x\nsources: [folder: {path: p}]\n"
XNAT = "servers: {x: {xnat: {dicom: {host: h}}}}\nsinks: [xnat-cstore: {server: x}]\n"


def told(text: str, components: Components) -> list[str]:
    """Return what is said of a recipe's text."""
    path = Path("recipe.yaml")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProblemsError) as caught:
        load_recipe(path, components, {})
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_page_of_faults_is_told_all_at_once(components: Components) -> None:
    expected = (HERE / "bad_recipe.txt").read_text(encoding="utf-8").splitlines()

    assert told((HERE / "bad_recipe.yaml").read_text(encoding="utf-8"), components) == expected


def test_no_message_repeats_a_secret(components: Components) -> None:
    page = "\n".join(told((HERE / "bad_recipe.yaml").read_text(encoding="utf-8"), components))

    assert "pw" not in page


def test_a_secret_that_is_a_number_is_not_repeated_either(components: Components) -> None:
    server = "servers: {x: {xnat: {dicom: {host: h}, rest: {url: 'https://h', login: 4711}}}}\n"
    said = told(HEAD + server + "sinks: [xnat-cstore: {server: x}]\n", components)

    assert said == [
        "recipe.yaml:4:72: servers.x.xnat.rest.login: secrets are references, not plain text"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\n", "1:1: the format version is missing (add the line recipe: 1)"),
        ("recipe: '1'\n", "1:9: recipe: there is no format version '1' (write recipe: 1)"),
        ("recipe: 0\n", "1:9: recipe: there is no format version 0 (write recipe: 1)"),
        ("recipe: true\n", "1:9: recipe: there is no format version true (write recipe: 1)"),
        ("- a\n", "1:1: a recipe is a mapping that begins with recipe: 1"),
    ],
)
def test_the_format_version_is_looked_at_before_all_else(
    text: str, said: str, components: Components
) -> None:
    assert told(text, components) == [f"recipe.yaml:{said}"]


def test_of_a_newer_recipe_nothing_but_its_version_is_said(components: Components) -> None:
    (said,) = told("nonsense: 1\nrecipe: 2\n", components)

    assert said == (
        "recipe.yaml:2:9: recipe: this recipe has format version 2; here 1 can be read"
        " (upgrade dicomferry)"
    )


def test_what_is_required_is_said_to_be_missing(components: Components) -> None:
    assert told("recipe: 1\n", components) == [
        "recipe.yaml:1:1: 'name' is missing",
        "recipe.yaml:1:1: 'sources' is missing",
        "recipe.yaml:1:1: 'sinks' is missing",
    ]


def test_options_may_find_faults_of_their_own(components: Components) -> None:
    said = told(
        HEAD + XNAT.replace("server: x", "server: x, attempts: 11"),
        components,
    )

    assert said == ["recipe.yaml:5:34: sinks[0].xnat-cstore.attempts: 11 attempts are too many"]


def test_of_an_option_that_there_was_it_is_said_what_to_do(components: Components) -> None:
    said = told(HEAD + XNAT.replace("server: x", "server: x, pause: 3"), components)

    assert said == [
        (
            "recipe.yaml:5:34: sinks[0].xnat-cstore: there is no option 'pause' any more"
            " (remove it: nobody waits any more)"
        )
    ]


def test_the_options_of_an_identifier_are_checked_by_its_component(
    components: Components,
) -> None:
    rules = "{dicom: {host: h}, identification: {site: {subject: [x]}}}"
    said = told(HEAD + XNAT.replace("{dicom: {host: h}}", rules), components)

    assert said == [
        "recipe.yaml:4:74: servers.x.xnat.identification.site.subject[0]: 'x' is no rule"
    ]


def test_an_id_is_given_once(components: Components) -> None:
    steps = "transforms: [{remap: {}, id: a}, {remap: {}, id: a}]\n"

    assert told(HEAD + XNAT + steps, components) == [
        "recipe.yaml:6:46: transforms[1].id: the id 'a' is taken by transforms[0]"
    ]


def test_hours_and_encryption_are_checked(components: Components) -> None:
    pacs = (
        "{host: h, ae_title: A, retrieve: c-move, tls: {key: k},"
        ' hours: {someday: all, mon-fri: "7-8"}}'
    )
    said = told(HEAD + XNAT.replace("{x:", "{p: {pacs: " + pacs + "}, x:"), components)

    assert [text.split(": ", 1)[1] for text in said] == [
        "servers.p.pacs.retrieve: c-move needs move_ae_title: what the PACS calls us",
        "servers.p.pacs.tls: certificate and key belong together; certificate is missing",
        "servers.p.pacs.hours.someday: 'someday' is not days: write mon-fri, sat or all",
        "servers.p.pacs.hours.mon-fri: '7-8' is not hours: write \"19:00-06:00\", all or none",
    ]


def test_an_identification_file_is_checked_alike(components: Components) -> None:
    path = Path("server.yaml")
    path.write_text("identification:\n  identifier: dqr\n  project: [A]\n", encoding="utf-8")
    with pytest.raises(ProblemsError) as caught:
        load_identification(path, components)

    assert str(caught.value) == (
        "server.yaml:3:3: identification: unknown key 'project' (known: routing, identifier)"
    )
