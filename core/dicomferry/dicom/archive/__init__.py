"""Archives and compressed files, read in place: their members are opened like files.

* A *kind* (`dicom/containers.py`) says what a container is, by its first bytes.
* A container stands on a *ground* (`files.py`): a file, or an unpacked member of another one.
* Its *inside* lists and opens the members: of a zip archive (`zips.py`), a tar archive (`tars.py`),
  or the one in a compressed file (`packed.py`).
* A *member* has a name; in an archive inside an archive it has both, as `inner.zip!image`.
* What is unpacked has a *bound* (`dicom/unpack.py`), so that no bomb fills the disk.

Sources call `list_members`, everybody opens by `dicom/opening.py`. Only where there is a container
is this package loaded.
"""

from __future__ import annotations

from dicomferry.dicom.archive.inside import is_archive, list_members, open_member
from dicomferry.dicom.archive.member import Member

__all__ = ["Member", "is_archive", "list_members", "open_member"]
