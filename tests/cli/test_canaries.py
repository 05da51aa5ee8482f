"""No patient and no password where nobody should look for one, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support import servers
from support.canary import NAME, PATIENT_ID, Watch, make_patient
from support.journey import PASSWORD, Journey, journey
from support.misbehaving import Conversation, Received, Receiver, response, serving
from support.plugins import install

FIXED = ({"identify": {"project": "P", "subject": "S", "session": "E"}},)
LOGIN = {"XNAT_LOGIN": f"ferry:{PASSWORD}"}


@pytest.fixture
def trip(tmp_path: Path) -> Iterator[Journey]:
    """Give an XNAT that lets the password in, and a recipe whose labels are the patient's."""
    make_patient(tmp_path / "data")
    with journey(tmp_path, builds_at=3) as one:
        yield one


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    """Give what watches the program; the password is in its environment."""
    return Watch(tmp_path, LOGIN)


def silent(watch: Watch, *known: Path, stdout: bool = True) -> None:
    assert watch.command_lines
    assert watch.seen_of_the_patient(stdout=stdout) == []
    assert watch.seen_of_the_password(*known) == []


def test_a_run_that_goes_well_tells_neither(trip: Journey, watch: Watch) -> None:
    codes = [
        watch.ferry("plan", trip.recipe, "--ask"),
        watch.ferry("run", trip.recipe, "--verify", "--wait", "60s"),
        watch.ferry("verify", trip.recipe, "--content", "all", "-o", "verdicts.json"),
        watch.ferry("lock", trip.recipe),
        watch.ferry("rehearse", trip.recipe),
    ]
    watch.ferry("doctor", trip.recipe)

    assert codes == [0] * len(codes), watch.stdout + watch.stderr
    # the labels of the forecast are the patient's here, and there to be read
    silent(watch, stdout=False)


def test_a_password_in_a_file_stays_there(trip: Journey, watch: Watch) -> None:
    secret = watch.folder / "secret"
    secret.write_text(f"ferry:{PASSWORD}\n")
    trip.write(rest={"login": f"${{file:{secret}}}"})
    watch.env = {}

    assert watch.ferry("run", trip.recipe, "--verify", "--wait", "60s") == 0
    watch.ferry("doctor", trip.recipe)

    silent(watch, secret, stdout=False)


@pytest.mark.parametrize("verb", ["verify", "doctor", "plan"])
def test_a_login_that_is_refused_is_not_told(trip: Journey, watch: Watch, verb: str) -> None:
    assert watch.ferry("run", trip.recipe) == 0
    watch.env = {"XNAT_LOGIN": f"stranger:{PASSWORD}"}

    code = watch.ferry(verb, trip.recipe, *(["--ask"] if verb == "plan" else []))

    assert code != 0
    silent(watch, stdout=False)


def test_an_xnat_that_cannot_be_reached_makes_nothing_told(
    watch: Watch, write_recipe: Callable[..., Path]
) -> None:
    make_patient(watch.folder / "data")
    port = servers.free_port()
    rest = {"url": f"http://127.0.0.1:{port}", "login": "${env:XNAT_LOGIN}"}
    recipe = with_rest(write_recipe(dicom={"port": port}, transforms=FIXED), rest)

    assert watch.ferry("run", recipe) == 1
    assert watch.ferry("verify", recipe) != 0
    assert watch.ferry("doctor", recipe) != 0

    silent(watch)


def with_rest(recipe: Path, rest: dict[str, Any]) -> Path:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe")
    content = yaml.load(recipe.read_text())
    content["servers"]["xnat"]["xnat"]["rest"] = rest
    with recipe.open("w") as file:
        yaml.dump(content, file)
    return recipe


def test_a_receiver_that_quotes_the_patient_is_not_quoted(
    watch: Watch, write_recipe: Callable[..., Path]
) -> None:
    make_patient(watch.folder / "data")
    keep = ({"remap": {"set": {"StudyDescription": "P"}}},)

    def refuse(talk: Conversation, got: Received) -> None:
        comment = f"{NAME} ({PATIENT_ID}): refused "
        talk.send(response(got, 0xA900, comment=comment.encode().ljust(64)))

    with serving(Receiver(answers=dict.fromkeys(range(1, 20), refuse))) as receiver:
        recipe = write_recipe(dicom={"port": receiver.port}, transforms=keep)
        assert watch.ferry("run", recipe) == 1

    assert "refused" in watch.stdout
    silent(watch)


def test_a_damaged_file_is_rejected_without_its_patient(
    watch: Watch, write_recipe: Callable[..., Path]
) -> None:
    (first, second, third) = make_patient(watch.folder / "data")
    first.write_bytes(first.read_bytes()[:-7])
    whole = second.read_bytes()
    second.write_bytes(whole[: whole.index(NAME.encode()) + 9])
    third.write_bytes(third.read_bytes().replace(b"PN", b"\xff\xff", 1))

    assert watch.ferry("run", write_recipe(transforms=FIXED)) == 1

    assert "damaged" in watch.stdout
    silent(watch)


# backwards, because a traceback shows lines of the source
QUOTED = f"{NAME} {PATIENT_ID}"[::-1]
LEAKY = f'''
    """A plug-in whose every error quotes the patient."""

    import click
    import msgspec

    from dicomferry import Component, hookimpl


    class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
        """Nothing."""


    class Leaky:
        lanes = 1
        receiver = "nowhere"
        server = ""

        def _raise(self, *_args):
            raise ValueError("{QUOTED}"[::-1])

        discover = edit = open = silent_words = _raise


    def _build(options, context):
        return Leaky()


    LEAKY = Component("leaky", "leaks", Options, _build)


    @hookimpl
    def dicomferry_sources():
        yield LEAKY


    @hookimpl
    def dicomferry_transforms():
        yield LEAKY


    @hookimpl
    def dicomferry_sinks():
        yield LEAKY


    @click.command("leak")
    def leak():
        Leaky().discover()


    @hookimpl
    def dicomferry_verbs():
        yield leak


    @hookimpl
    def dicomferry_error_hints(error):
        raise ValueError("{QUOTED}"[::-1])
'''


@pytest.fixture
def leaky(watch: Watch) -> Watch:
    """Install the plug-in `leaky` for what is watched."""
    watch.env = {**watch.env, **install(watch.folder / "plugins", "leaky", LEAKY)}
    make_patient(watch.folder / "data")
    return watch


@pytest.mark.parametrize("verb", ["plan", "run", "rehearse"])
def test_a_transform_that_raises_makes_nothing_told(
    leaky: Watch, write_recipe: Callable[..., Path], verb: str
) -> None:
    assert leaky.ferry(verb, write_recipe(transforms=({"leaky": {}}, *FIXED))) != 0

    assert "ValueError" in leaky.stdout + leaky.stderr + leaky.logs()
    silent(leaky)


def test_a_sink_that_raises_makes_nothing_told(
    leaky: Watch, write_recipe: Callable[..., Path]
) -> None:
    assert leaky.ferry("run", write_recipe(transforms=FIXED, sinks=[{"leaky": {}}])) != 0

    assert "ValueError" in leaky.stdout + leaky.stderr + leaky.logs()
    silent(leaky)


def test_the_file_that_tells_of_a_bug_quotes_nobody(
    leaky: Watch,
) -> None:
    assert leaky.ferry("leak") == 70

    assert len(leaky.bugs()) == 1
    silent(leaky)


def test_a_source_that_raises_makes_nothing_told(
    leaky: Watch, write_recipe: Callable[..., Path]
) -> None:
    assert leaky.ferry("run", write_recipe(sources=[{"leaky": {}}], transforms=FIXED)) == 2

    assert "ValueError" in leaky.stdout + leaky.stderr + leaky.logs()
    silent(leaky)
