"""DICOM data sets as bytes: read a header, edit it, and write only the edits.

- Blob: bytes that are read at any offset, of a file, an archive's member or memory.
- Index: byte offsets and VR of every element; the walk makes it without decoding.
- Elements: an index, the bytes it points into, and the new elements of edits.
- Header: the elements of one instance, decoded at their first use; what a transform sees.
- Edits: the Sets and Deletes that a transform returns.
- Instance: an opened file; it returns its bytes with the edits of a header spliced in.
- Shape: the index of one file, used again for the next file that is laid out alike.

Every other package may import these modules; they import `errors` and `model` only. pydicom is
imported inside functions, where a data set is odd or a caller asks for a pydicom data set.

Plug-ins see the names of `__all__`, each imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.lazily import lazily

if TYPE_CHECKING:
    from dicomferry.dicom.archive import (
        Member as Member,
        is_archive as is_archive,
        list_members as list_members,
    )
    from dicomferry.dicom.between import edits_between as edits_between
    from dicomferry.dicom.blob import Blob as Blob, BytesBlob as BytesBlob
    from dicomferry.dicom.dictionary import standard_vr as standard_vr
    from dicomferry.dicom.head import read_header as read_header
    from dicomferry.dicom.instance import open_instance as open_instance
    from dicomferry.dicom.matching import (
        difference as difference,
        matches as matches,
        single_queries as single_queries,
        unproven as unproven,
    )
    from dicomferry.dicom.oddities import odd_elements as odd_elements
    from dicomferry.dicom.quiet import quietly as quietly
    from dicomferry.dicom.shapes import Shapes as Shapes
    from dicomferry.dicom.splice import Spliced as Spliced
    from dicomferry.dicom.tags import (
        ElementPattern as ElementPattern,
        keyword_of as keyword_of,
        parse_pattern as parse_pattern,
        parse_tag as parse_tag,
    )
    from dicomferry.dicom.transcoding import (
        check_character_set as check_character_set,
        transcoding_edits as transcoding_edits,
    )
else:
    __all__, __getattr__, __dir__ = lazily(__name__, {
        "dicom.archive": ("Member", "is_archive", "list_members"),
        "dicom.between": ("edits_between",),
        "dicom.blob": ("Blob", "BytesBlob"),
        "dicom.dictionary": ("standard_vr",),
        "dicom.head": ("read_header",),
        "dicom.instance": ("open_instance",),
        "dicom.matching": ("difference", "matches", "single_queries", "unproven"),
        "dicom.oddities": ("odd_elements",),
        "dicom.quiet": ("quietly",),
        "dicom.shapes": ("Shapes",),
        "dicom.splice": ("Spliced",),
        "dicom.tags": ("ElementPattern", "keyword_of", "parse_pattern", "parse_tag"),
        "dicom.transcoding": ("check_character_set", "transcoding_edits"),
    })  # fmt: skip
