"""The character set of a PACS that does not name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset

_CHARACTER_SET = "SpecificCharacterSet"


def charset_fault(charset: str) -> str:
    """Return what is wrong with a Specific Character Set; empty for a defined term."""
    from pydicom.charset import python_encoding

    strange = [term for term in charset.split("\\") if term not in python_encoding]
    if not any(strange):
        return ""
    return f"{strange[0]!r} is no Specific Character Set: write it as 'ISO_IR 100' or 'ISO_IR 192'"


def assume_charset(answer: Dataset, charset: str) -> None:
    """Have the texts of an answer that names no character set read in that of its PACS."""
    if not charset or answer.get(_CHARACTER_SET):
        return
    from pydicom.charset import convert_encodings

    terms = charset.split("\\")
    implicit, little = answer.original_encoding
    answer.set_original_encoding(implicit, little, convert_encodings(terms))
    answer.SpecificCharacterSet = terms if len(terms) > 1 else charset
