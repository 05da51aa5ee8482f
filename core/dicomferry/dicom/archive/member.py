"""What the list of a container's members has."""

from __future__ import annotations

from msgspec import Struct


class Member(Struct, frozen=True):
    """One member of an archive: its name and its size in bytes.

    A member of an archive inside another has both names, as in `inner.zip!image`. `path` has the
    names as though archives were folders, as in `inner.zip/image`; what is in a compressed file
    goes by the path of that file, as in `image.gz`, which is empty where no archive is around it.

    Where `code` is not empty the member cannot be opened, and `reason` says why; `settled` says
    that no instance is lost with it, as with a second name of another member.
    """

    name: str
    path: str
    size: int = 0
    code: str = ""
    reason: str = ""
    settled: bool = False
