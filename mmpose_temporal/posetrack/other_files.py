"""JSON files that lie among videos and are none: what this package and others write beside them.

Told by their content (choice: names are free), before anything reads them as a video:

* detections and COCO results: a list of records with ``image_id``, or an empty list;
* JSON lines, as a training logs them: one record a line;
* figures and settings: a record without a list of records.

Anything else is read as a video, so a video with a misspelt field stays an error.
"""

import json
import mmap
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mmpose_temporal.utils.listing import Listing, list_inputs
from mmpose_temporal.utils.warn_once import log_once

_VIDEO = re.compile(rb'"(?:images|annotations|annolist)"\s*:\s*\[')
_HEAD = 65536


def list_videos(folder: str | Path, suffixes: Sequence[str] = (".json",)) -> Listing:
    """The files of a folder that are of videos, in natural order; what is left out is logged.

    Args:
        folder: Where to look.
        suffixes: Endings in small letters, each with its dot.

    Raises:
        NotADirectoryError, FileNotFoundError: ``folder`` is none.
    """
    listing = list_inputs(folder, suffixes)
    found = {path: other_content(path) for path in listing.files if path.suffix != ".mat"}
    others = {path: what for path, what in found.items() if what is not None}
    if others:
        named = ", ".join(f"{path.name}: {what}" for path, what in list(others.items())[:3])
        log_once(
            f"{folder}: {len(others)} files are no videos and are left out ({named}"
            f"{', ...' * (len(others) > 3)})"
        )
    files = [path for path in listing.files if path not in others]
    return replace(listing, files=files, others=others)


def other_content(path: Path) -> str | None:
    """What a JSON file holds if it is no video; None if it may be one, or cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
            if head.startswith(b"["):
                return _list_content(head)
            if not head.startswith(b"{"):
                return None
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                if _VIDEO.search(content):
                    return None
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return None
    return _record_content(text)


def _list_content(head: bytes) -> str | None:
    empty = head[1:].lstrip().startswith(b"]")
    if empty or (b'"image_id"' in head and b'"instances"' not in head):
        return "detections or COCO results"
    return None


def _record_content(text: str) -> str | None:
    try:
        record = json.loads(text)
    except RecursionError:
        return None
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()][:2]
        return "JSON lines" if len(lines) == 2 and all(map(_is_record, lines)) else None
    values = record.values() if isinstance(record, dict) else ()
    records = any(isinstance(v, list) and any(isinstance(x, dict) for x in v) for v in values)
    known = not isinstance(record, dict) or {"images", "annotations", "annolist"} & record.keys()
    return None if known or records or not record else "figures or settings"


def _is_record(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
