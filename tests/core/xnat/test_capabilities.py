"""What XNAT's receiver takes."""

from __future__ import annotations

from dicomferry.xnat.capabilities import accepted_sop_classes, accepted_transfer_syntaxes


def test_there_are_152_sop_classes() -> None:
    assert len(accepted_sop_classes()) == 152


def test_enhanced_rt_is_not_among_them() -> None:
    assert "1.2.840.10008.5.1.4.1.1.481.12" not in accepted_sop_classes()


def test_deflated_is_not_taken_and_explicit_little_endian_is() -> None:
    assert "1.2.840.10008.1.2.1.99" not in accepted_transfer_syntaxes()
    assert "1.2.840.10008.1.2.1" in accepted_transfer_syntaxes()
