"""The dictionaries say what pydicom's say, without all of pydicom."""

import subprocess
import sys

from pydicom._dicom_dict import DicomDictionary
from pydicom._uid_dict import UID_dictionary
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from dicomferry.dicom import dictionary


def test_every_element_of_the_standard_has_the_vr_that_pydicom_gives_it() -> None:
    elements = [tag for tag in DicomDictionary if tag & 0xFFFF]

    assert {tag: dictionary.standard_vr(tag) for tag in elements} == {
        tag: dictionary_VR(tag) for tag in elements
    }


def test_every_keyword_of_the_standard_is_found_both_ways() -> None:
    words = dictionary.keywords()

    assert len(words) > 4000
    assert {word: dictionary.tag_of(word) for word in words} == {
        word: tag_for_keyword(word) for word in words
    }
    assert {tag: dictionary.keyword_of(tag) for tag in map(dictionary.tag_of, words) if tag} == {
        tag: keyword_for_tag(tag) for tag in map(tag_for_keyword, words) if tag
    }


def test_an_element_of_a_repeating_group_is_known() -> None:
    assert dictionary.standard_vr(0x60023000) == "OB or OW"
    assert dictionary.keyword_of(0x60023000) == "OverlayData"


def test_an_unknown_tag_has_no_vr_and_no_keyword() -> None:
    assert dictionary.standard_vr(0x12345678) == ""
    assert dictionary.keyword_of(0x12345678) == "(1234,5678)"
    assert dictionary.tag_of("PatientNaem") is None


def test_every_uid_of_the_standard_has_its_name() -> None:
    assert {uid: dictionary.uid_name(uid) for uid in UID_dictionary} == {
        uid: entry[0] for uid, entry in UID_dictionary.items()
    }
    assert dictionary.uid_name("1.2.3") == ""


def test_looking_up_a_keyword_does_not_import_pydicom() -> None:
    code = (
        "import sys\nfrom dicomferry.dicom import dictionary\n"
        "assert dictionary.tag_of('PatientID') == 0x00100020\n"
        "assert dictionary.standard_vr(0x00100020) == 'LO'\n"
        "sys.exit('pydicom' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
