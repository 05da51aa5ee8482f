"""Templates and conditions over one instance."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, strategies as st
from pydicom import Dataset

from dicomferry.dicom.header import Header
from dicomferry.errors import TemplateError
from dicomferry.model import Location
from dicomferry.template import MAX_RESULT, Condition, Template, Templates

TEMPLATES = Templates({"project": "ALZ"})


def a_dataset() -> Dataset:
    dataset = Dataset()
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.Modality = "MR"
    dataset.AccessionNumber = ""
    dataset.StudyDescription = "{{ 7 * 7 }}"
    dataset.PatientName = "DOE^JOHN"
    dataset.PatientID = "00123"
    dataset.PixelSpacing = [0.5, 0.25]
    dataset.SeriesNumber = "5"
    block = dataset.private_block(0x0019, "SEASIDE", create=True)
    block.add_new(0x10, "LO", "private")
    item = Dataset()
    item.ScheduledProcedureStepID = "step"
    dataset.RequestAttributesSequence = [item]
    return dataset


@pytest.fixture(scope="module")
def header() -> Header:
    rows = {"Accession Number": "77", "keys": "a column called keys"}
    names = {"visit": "V1", "items": "a group called items"}
    return Header.of(a_dataset()).with_origin(Location("x"), names, rows)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("plain", "plain"),
        ("{{ PatientID }}", "00123"),
        ("{{ PatientName }}_{{ Modality }}", "DOE^JOHN_MR"),
        ("{{ params.project }}/{{ params['project'] }}", "ALZ/ALZ"),
        ("{{ path.visit }}|{{ path.items }}", "V1|a group called items"),
        ("{{ row['Accession Number'] }}|{{ row.keys }}", "77|a column called keys"),
        ("{{ AccessionNumber }}|", "|"),
        ("{{ SeriesNumber + 1 }}", "6"),
        ("{{ '%03d' % SeriesNumber }}|{{ '%03d' | format(SeriesNumber) }}", "005|005"),
        ("{{ PatientID | int }}", "123"),
        ("{{ PatientName | int(3) }}", "3"),
        ("{{ ImageType }}", "ORIGINAL\\PRIMARY"),
        ("{{ ImageType[1] }}|{{ ImageType | join('-') }}", "PRIMARY|ORIGINAL-PRIMARY"),
        ("{{ PatientID | join('-') }}", "00123"),
        ("{{ PatientName.split('^')[1] | lower }}", "john"),
        ("{{ PatientID | replace('0', '') }}", "123"),
        ("{{ tag('0010,0020') }}|{{ tag('(0010,0020)') }}", "00123|00123"),
        ("{{ tag('(0019,\"SEASIDE\",10)') }}", "private"),
        ("{{ tag('RequestAttributesSequence[0].ScheduledProcedureStepID') }}", "step"),
        ("{% if Modality == 'MR' %}magnet{% else %}other{% endif %}", "magnet"),
        ("{{ 'a' if StudyDate is defined else 'b' }}", "b"),
        ("{{ StudyDate | default('none') }}", "none"),
        ("{{ tag('0019,9910') | default('none') }}", "none"),
        ("{{ path.nothing | default('none') }}", "none"),
        ("{{ session | default('none') }}", "none"),
        ("ends in a line\n", "ends in a line\n"),
    ],
)
def test_a_template_renders(source: str, text: str, header: Header) -> None:
    assert TEMPLATES.template(source).render(header) == text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ StudyDate }}", "StudyDate is missing"),
        ("{{ StudyDate[:4] }}", "StudyDate is missing"),
        ("{{ path.nothing }}", "path.nothing is missing"),
        ("{{ row['No Such'] }}", "row['No Such'] is missing"),
        ("{{ tag('0019,9910') }}", "tag('0019,9910') is missing"),
        ("{{ session }}", "session is not known here"),
    ],
)
def test_what_is_missing_is_an_error_that_names_it(
    source: str, message: str, header: Header
) -> None:
    with pytest.raises(TemplateError) as caught:
        TEMPLATES.template(source).render(header)

    assert caught.value.message == message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ PatientNmae }}", "'PatientNmae' is not a DICOM keyword (did you mean 'PatientName'?)"),
        ("{{ patientid }}", "'patientid' is not a DICOM keyword (did you mean 'PatientID'?)"),
        ("{{ sesion }}", "'sesion' is not a DICOM keyword (did you mean 'session'?)"),
        ("{{ params.projet }}", "params.projet is not declared (did you mean 'project'?)"),
        ("{{ params[PatientID] }}", "params[…] needs a quoted name"),
        ("{{ PatientID | uper }}", "there is no filter 'uper' (did you mean 'upper'?)"),
        ("{{ PatientID is strng }}", "there is no test 'strng' (did you mean 'string'?)"),
        ("{{ tag }}", "tag needs an element: tag('0019,1010')"),
        ("{{ tag(PatientID) }}", "tag needs one quoted element: tag('0019,1010')"),
        ("{{ tag('PatientNmae') }}",
         "'PatientNmae' is not a DICOM keyword (did you mean 'PatientName'?)"),
        ("{{ PatientID.__class__ }}", "'.__class__' is not allowed in a template"),
        ("{{ PatientID.replace('0', 'x') }}", "'.replace' is not allowed in a template"),
        ("{{ ''.format() }}", "'.format' is not allowed in a template"),
        ("{% for i in ImageType %}{% endfor %}", "'for' is not allowed in a template"),
        ("{% set a = 1 %}", "'assign' is not allowed in a template"),
        ("{% macro a() %}{% endmacro %}", "'macro' is not allowed in a template"),
        ("{% include 'a' %}", "'include' is not allowed in a template"),
        ("{{ self }}", "'self' is not a DICOM keyword"),
        ("{{ lipsum() }}", "'lipsum' is not a DICOM keyword"),
        ("{{ (", "this is not a template: unexpected 'end of template'"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "the template is nested too deep"),
        ("{{ " + "1+" * 3000 + "1 }}", "the template is nested too deep"),
        ("{% if 1 %}" * 150 + "{% endif %}" * 150, "the template is nested too deep"),
        ("x" * 20_000, "a template is limited to 16384 characters"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_before_any_instance(source: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        TEMPLATES.template(source)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'x' * 1000000000 }}",
        "{{ ImageType * 1000000000 }}",
        "{{ 9 ** 999999999 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%*d' % (999999999, 1) }}",
        "{{ '%999999999d' | format(1) }}",
        "{{ '%900d' % 1 " + "| replace(' ', '%900d' % 1)" * 4 + " }}",
        "{{ ImageType | join('%900d' % 1 | replace(' ', '%900d' % 1)) }}",
        "{{ PatientName | int }}",
        "{{ PatientName | float }}",
        "{{ PatientName / 2 }}",
        "{{ 1 / 0 }}",
        "{{ row }}",
        "{{ ImageType[7] }}",
        "{{ PatientID['__class__'] }}",
    ],
)  # fmt: skip
def test_what_grows_or_does_not_fit_is_an_error(source: str, header: Header) -> None:
    with pytest.raises(TemplateError):
        TEMPLATES.template(source).render(header)


def test_no_message_quotes_a_value(header: Header) -> None:
    for source in ("{{ PatientName | int }}", "{{ PatientName / 2 }}", "{{ PatientName['x'] }}"):
        with pytest.raises(TemplateError) as caught:
            TEMPLATES.template(source).render(header)
        assert "DOE" not in str(caught.value)


def test_a_result_is_bounded(header: Header) -> None:
    template = TEMPLATES.template("{{ session }}")

    with pytest.raises(TemplateError, match="longer than"):
        template.render(header, {"session": "x" * (MAX_RESULT + 1)})


def test_the_caller_may_give_more_names(header: Header) -> None:
    assert TEMPLATES.template("{{ session }}").render(header, {"session": "S1"}) == "S1"


def test_a_template_says_which_names_it_needs() -> None:
    template = TEMPLATES.template("{{ PatientID }}{{ params.project }}{{ tag('0010,0010') }}")

    assert template.names == {"PatientID", "params", "tag"}


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="\\")))
def test_what_an_instance_holds_is_data_and_never_a_template(value: str) -> None:
    dataset = Dataset()
    dataset.StudyComments = "{{ 7 * 7 }}{% raw %}" + value
    header = Header.of(dataset)

    rendered = TEMPLATES.template("{{ StudyComments }}").render(header)

    assert rendered.rstrip() == ("{{ 7 * 7 }}{% raw %}" + value).rstrip()


@given(st.text())
def test_any_text_is_a_template_or_a_value_error(source: str) -> None:
    try:
        TEMPLATES.template(source)
    except ValueError:
        return


@given(st.text())
def test_any_text_is_a_condition_or_a_value_error(source: str) -> None:
    try:
        TEMPLATES.condition(source)
    except ValueError:
        return


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("Modality == 'MR'", True),
        ("Modality == 'CT'", False),
        ("'PRIMARY' in ImageType and SeriesNumber > 4", True),
        ("StudyDate is defined", False),
        ("AccessionNumber", False),
        ("path.visit is defined and path.nothing is not defined", True),
        ("PatientName.startswith('DOE')", True),
        ("params.project == 'ALZ'", True),
        ("StudyDescription == 49", False),
    ],
)
def test_a_condition_holds_or_not(source: str, holds: bool, header: Header) -> None:
    assert TEMPLATES.condition(source).holds(header) is holds


@pytest.mark.parametrize("source", ["StudyDate", "StudyDate == '20010101'", "not StudyDate"])
def test_a_condition_on_what_is_missing_is_an_error(source: str, header: Header) -> None:
    with pytest.raises(TemplateError, match="StudyDate is missing"):
        TEMPLATES.condition(source).holds(header)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "the condition is empty"),
        ("{{ Modality }}", "a condition is a bare expression, without {{ }}"),
        ("Modalty == 'MR'", "'Modalty' is not a DICOM keyword (did you mean 'Modality'?)"),
        ("Modality == ", "this is not a condition: unexpected ')'"),
    ],
)
def test_what_is_no_condition_is_found_before_any_instance(source: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        TEMPLATES.condition(source)

    assert str(caught.value) == message


def test_only_what_needs_no_instance_is_static() -> None:
    assert TEMPLATES.static("{{ params.project }}/x") == "ALZ/x"
    assert TEMPLATES.static("{{ PatientID }}") is None


def test_templates_and_conditions_can_be_sent_to_another_process(header: Header) -> None:
    both = (TEMPLATES.template("{{ params.project }}"), TEMPLATES.condition("Modality == 'MR'"))
    template, condition = pickle.loads(pickle.dumps(both))

    assert (template, condition) == both
    assert template.render(header) == "ALZ"
    assert condition.holds(header)


def test_equal_sources_are_equal_templates() -> None:
    assert {TEMPLATES.template("x"), TEMPLATES.template("x")} == {TEMPLATES.template("x")}
    assert {TEMPLATES.condition("1"), TEMPLATES.condition("1")} == {TEMPLATES.condition("1")}
    assert repr(TEMPLATES.template("x")) == "Template('x')"
    assert isinstance(TEMPLATES.template("x"), Template)
    assert isinstance(TEMPLATES.condition("1"), Condition)
