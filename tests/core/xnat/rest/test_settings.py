"""How an XNAT is set up; what a login may not see is unknown, and not off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dicomferry.xnat.rest import RestClient, RestSite
from dicomferry.xnat.rest.settings import SettingsReader, import_filter
from support.fake_xnat_rest import FakeXnat, Says, fake_xnat, shaped, table


@pytest.fixture
def fake() -> Iterator[FakeXnat]:
    with fake_xnat() as server:
        yield server


@pytest.fixture
def settings(fake: FakeXnat) -> Iterator[SettingsReader]:
    with RestClient(RestSite(fake.url, "a:b")) as client:
        yield SettingsReader(client)


def receiver(**more: object) -> dict[str, object]:
    plain = {"aeTitle": "XNAT", "port": 8104, "enabled": True, "identifier": "dqrObjectIdentifier"}
    return plain | {"projectRoutingExpression": "(0008,1030):(.*)\n\n(0008,0050):(.*)"} | more


def test_rules_of_a_receiver_that_does_not_route_count_for_nothing(
    fake: FakeXnat, settings: SettingsReader
) -> None:
    fake.routes["/xapi/dicomscp"] = shaped([receiver(routingExpressionsEnabled=False)])

    (found,) = settings.receivers() or []

    assert found.rules["project"] == ()


def test_rules_of_a_routing_receiver_are_read_line_by_line(
    fake: FakeXnat, settings: SettingsReader
) -> None:
    fake.routes["/xapi/dicomscp"] = shaped([receiver(routingExpressionsEnabled=True)])

    (found,) = settings.receivers() or []

    assert found.rules["project"] == ("(0008,1030):(.*)", "(0008,0050):(.*)")


@pytest.mark.parametrize("what", ["receivers", "site"])
def test_what_is_not_shown_is_unknown(fake: FakeXnat, settings: SettingsReader, what: str) -> None:
    fake.routes["/xapi/dicomscp"] = fake.routes["/xapi/siteConfig"] = Says(403)

    assert getattr(settings, what)() is None


@pytest.mark.parametrize(
    ("says", "rules"),
    [
        (Says(403), None),
        (Says(404), ()),
        (table([{"contents": "(0010,0020):(.*)\n", "status": "enabled"}]), ("(0010,0020):(.*)",)),
        (table([{"contents": "(0010,0020):(.*)", "status": "disabled"}]), ()),
    ],
)
def test_rules_of_the_site(
    fake: FakeXnat, settings: SettingsReader, says: Says, rules: tuple[str, ...] | None
) -> None:
    fake.routes["/data/config/dicom/subjectRules"] = says

    assert settings.site_rules("subject") == rules


def test_the_role_in_each_project_is_known(fake: FakeXnat, settings: SettingsReader) -> None:
    def projects(asked: object) -> Says:
        held = {"accessible": "ABC", "owner": "A", "member": "B"}
        (which,) = [name for name in held if name in asked.query] or [""]  # type: ignore[attr-defined]
        return table([{"ID": name} for name in held.get(which, "")])

    fake.routes["/data/projects"] = projects

    assert settings.projects() == {"A": "owner", "B": "member", "C": ""}


def test_a_filter_that_is_off_is_none() -> None:
    assert import_filter({"sitewideSeriesImportFilter": "x"}) is None
