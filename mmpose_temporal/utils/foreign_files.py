"""What a file is that is not what its name says: for errors that tell what to do."""

import re
from pathlib import Path

HEAD = 512
"""Bytes that are looked at."""


def describe_foreign(head: bytes, *, text: bool = True) -> str | None:
    """Name what lies in a place where an image or a checkpoint should be.

    Args:
        head: First bytes of the file, 512 are enough.
        text: JSON and other text is foreign, too.

    Returns:
        What it is and what to do, as the end of a sentence that begins with the file's name;
        None if it is nothing that is known here.
    """
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        return "is empty: get it again"
    if start.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the file itself: run `git lfs pull` in its repository"
    if re.match(rb"<(!doctype|html|head|body|\?xml|error)", start, re.IGNORECASE):
        return "is a web page, as a failed download leaves it: get the file itself"
    if not text or not _is_text(head):
        return None
    if start[:1] in (b"{", b"["):
        return "is JSON text, as the answer of a failed download may be: get the file itself"
    return "is plain text"


def read_head(path: str | Path) -> bytes:
    """The first bytes of a file.

    Raises:
        OSError: It cannot be read.
    """
    with open(path, "rb") as file:
        return file.read(HEAD)


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > HEAD - 4 and error.start > len(head) - 4  # a letter cut in two
    return True
