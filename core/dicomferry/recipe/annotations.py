"""Types of options whose text has a form; the recipe's schema checks it.

Use them in a component's options: `set: dict[Attribute, Template]`, `login: Secret = ""`.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

ATTRIBUTE_FORMAT: Final = "dicom-attribute"
PATTERN_FORMAT: Final = "dicom-attribute-pattern"
SECRET_FORMAT: Final = "secret-reference"  # noqa: S105 - the name of a format
SERVER_FORMAT: Final = "server-name"
REGEX_FORMAT: Final = "python-regex"
TEMPLATE_FORMAT: Final = "template"
CONDITION_FORMAT: Final = "condition"

Attribute = Annotated[str, Meta(extra_json_schema={"format": ATTRIBUTE_FORMAT})]
"""A DICOM attribute: `PatientID`, `(0010,0020)`, `(0019,"CREATOR",0C)`, `Seq[*].Keyword`."""

AttributePattern = Annotated[str, Meta(extra_json_schema={"format": PATTERN_FORMAT})]
"""Like `Attribute`, and also with hex wildcards: `(0019,xx10)`, `(0019,"CREATOR",xx)`."""

Secret = Annotated[str, Meta(extra_json_schema={"format": SECRET_FORMAT, "writeOnly": True})]
"""A reference `${scheme:reference}`; the schema refuses plain text."""

ServerName = Annotated[str, Meta(extra_json_schema={"format": SERVER_FORMAT})]
"""The name of one of the recipe's `servers`."""

Regex = Annotated[str, Meta(extra_json_schema={"format": REGEX_FORMAT})]
"""A regular expression of Python's `re`."""

AETitle = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=16,
        pattern=r"^[!-\[\]-~]([ -\[\]-~]*[!-\[\]-~])?$",
        description="An application entity title (PS3.5 6.2, AE): up to 16 ASCII characters.",
    ),
]

Host = Annotated[str, Meta(min_length=1, max_length=253, pattern=r"^[^\s/\\@]+$")]

Port = Annotated[int, Meta(ge=1, le=65535)]

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
