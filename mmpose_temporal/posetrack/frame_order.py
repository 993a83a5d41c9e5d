"""The order of the frames of a video, and their numbers: one rule for all readers.

A file lists the frames of a video in order, and says so by numbers. They are looked for in this
order (choice):

1. The file's ``frame_index`` of the images, else its ``frame_id`` where that is more than a copy
   of the image's id. A field that some frames lack, or that repeats, numbers nothing.
2. The number in the names of the frames that differs from frame to frame: 1 and 2 in
   ``000001_cam2.jpg`` and ``000002_cam2.jpg``. Numbers in words that go on after a digit
   (``640x480``, a hash as ``5d02``) count only where there is no other. If several numbers differ
   from frame to frame and ascend, the one that spans the smallest range is the frame's number.
   Names in natural order are in order also if a number starts again, as in times of day or in
   ``shot1_0002``, ``shot2_0001``; then the first number is the frame's if it differs from frame
   to frame, else the frames have no number.
3. Names without numbers: the frames are taken as listed, and have no number.

If the numbers do not ascend, or the names leave the order open, reading is an error that says what
to do: ``frame_order`` chooses another rule. A ``frame_id`` that is a copy of the image's id and
ascends outweighs such names.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import PurePosixPath

from mmpose_temporal.utils.listing import natural_key
from mmpose_temporal.utils.text import shown_name

FRAME_ORDERS = ("auto", "file", "names", "number")
"""``auto``: the rule of this module. ``file``: as listed. ``names``: sorted by name, 2 before 10.
``number``: sorted by ``frame_index`` or ``frame_id``. With ``file`` and ``names`` a frame's number
is its position."""

MAX_NUMBER = 2**63 - 1
"""A larger number is not taken for a frame's (choice: it fits into 64 bits, as nanoseconds since
1970 do; hashes are longer)."""

CHANGE_ORDER = "if the list is right as it is, pass frame_order='file' (--frame-order file)"

MAX_LENGTH = 24
"""Digits, with leading zeros and a decimal point, that are looked at."""

_EXPORT_HASH = re.compile(r"\.rf\.[0-9a-zA-Z]+$")
"""What Roboflow appends to the name of a frame."""


class FrameOrderError(ValueError):
    """The frames of a video are listed out of order, or nothing says which it is."""


def check_frame_order(frame_order: str) -> None:
    """Raise unless it is one of :data:`FRAME_ORDERS`.

    Raises:
        ValueError: It is not.
    """
    if frame_order not in FRAME_ORDERS:
        raise ValueError(
            f"frame_order must be one of {', '.join(FRAME_ORDERS)}, got {frame_order!r}"
        )


def order_frames(
    names: Sequence[str],
    stated: Sequence[int | None],
    copies: Sequence[int | None],
    *,
    where: str,
    frame_order: str = "auto",
) -> tuple[list[int], list[int | None]]:
    """The order and the numbers of the T frames of one video.

    Args:
        names: Of the images, as in the file; empty where the file has none.
        stated: ``frame_index``, else ``frame_id``; None where the file has neither, or where
            ``frame_id`` is a copy of the image's id in all frames.
        copies: ``frame_id`` if it is such a copy.
        where: File and video, for the error.
        frame_order: One of :data:`FRAME_ORDERS`.

    Returns:
        Positions in the list, in the order of the frames, and the number of each of these frames,
        None if there is none.

    Raises:
        FrameOrderError: The frames are not in order, or nothing says which it is.
        ValueError: Unknown ``frame_order``.
    """
    check_frame_order(frame_order)
    listed = list(range(len(names)))
    if frame_order == "file":
        return listed, list(listed)
    if frame_order == "names":
        _refuse_twins(names, where)
        return sorted(listed, key=lambda i: natural_key(names[i])), list(listed)
    known = _distinct(stated)
    if frame_order == "number":
        known = known or _distinct(copies)
        if known is None:
            raise FrameOrderError(
                f"{where}: frame_order 'number' needs 'frame_index' or 'frame_id' in every image, "
                "each another one"
            )
        order = sorted(listed, key=lambda i: known[i])
        return order, [known[i] for i in order]
    if known is not None:
        _require_ascending(known, names, where, "by 'frame_index' or 'frame_id'")
        return listed, known
    try:
        return listed, name_numbers(names, where=where)
    except FrameOrderError:
        numbers = _distinct(copies)
        if numbers is None or numbers != sorted(numbers):
            raise
        return listed, numbers


def name_numbers(names: Sequence[str], *, where: str = "frames") -> list[int | None]:
    """The number of each frame by its name, None for all if the names have none.

    Args:
        names: Of the frames of one video, in the order in which they are listed.
        where: File and video, for the error.

    Raises:
        FrameOrderError: The numbers do not ascend, or the names leave the order open.
    """
    nothing: list[int | None] = [None] * len(names)
    if len(names) < 2 or not all(names):
        return nothing
    _refuse_twins(names, where)
    columns = [column for column in _columns(names) if len(set(column)) > 1]
    if not columns:
        return nothing
    numbering = [column for column in columns if len(set(column)) == len(names)]
    if numbering and all(map(_ascends, numbering)):
        return min(numbering, key=lambda column: max(column) - min(column))
    if _ascends(list(zip(*columns, strict=True))):
        return columns[0] if columns[0] in numbering else nothing
    orders = {tuple(sorted(range(len(names)), key=column.__getitem__)) for column in numbering}
    if len(orders) != 1:
        raise FrameOrderError(_ambiguous(names, where))
    _require_ascending(numbering[0], names, where, "by their names")
    return nothing


def _ascends(values: Sequence) -> bool:
    return all(before < after for before, after in pairwise(values))


def _stem(name: str) -> str:
    """The name without folders and ending; an ending of digits belongs to the name."""
    path = PurePosixPath(name)
    stem = path.name if path.suffix[1:].isdigit() else path.stem
    return _EXPORT_HASH.sub("", stem)


def _columns(names: Sequence[str]) -> list[list[int]]:
    """The numbers at the same place of all names; those in clean words, where these number frames.

    Places are counted from the left as long as the text between the numbers is the same in all
    names, and then from the right.
    """
    parts = _split(names)
    shortest = min(map(len, parts))
    left = next((i for i in range(0, shortest, 2) if _differ(parts, i)), shortest)
    backwards = [row[::-1] for row in parts]
    right = next((i for i in range(0, shortest, 2) if _differ(backwards, i)), shortest)
    places = list(range(1, left, 2))
    places += [-1 - i for i in range(1, min(right, shortest - left), 2)][::-1]
    clean, mixed = [], []
    for place in places:
        texts = [row[place] for row in parts]
        if max(map(len, texts)) > MAX_LENGTH:
            continue
        numbers = [int(text.replace(".", "")) for text in texts]
        kept = mixed if any(_is_mixed(row, place % len(row)) for row in parts) else clean
        if max(numbers) <= MAX_NUMBER:
            kept.append(numbers)
    for columns in (clean, mixed):
        if any(len(set(column)) == len(names) for column in columns):
            return columns
    return clean or mixed


def _split(names: Sequence[str]) -> list[list[str]]:
    """Each name as text, number, text, ...; a decimal as 1305031102.175304 is one number.

    That is so if all names have the same number of decimals, at least 3; else it is two numbers.
    """
    stems = [_stem(name) for name in names]
    parts = [re.split(r"([0-9]+\.[0-9]{3,}|[0-9]+)", stem) for stem in stems]
    decimals = {tuple(len(text.partition(".")[2]) for text in row[1::2]) for row in parts}
    return parts if len(decimals) == 1 else [re.split(r"([0-9]+)", stem) for stem in stems]


def _differ(parts: Sequence[Sequence[str]], place: int) -> bool:
    return any(row[place] != parts[0][place] for row in parts)


def _is_mixed(row: Sequence[str], place: int) -> bool:
    """The number's word goes on after a digit: ``640x480``, ``5d02``."""
    before, after = row[place - 1], row[place + 1]
    return after[:1].isalpha() or (place > 1 and before.isalpha())


def _refuse_twins(names: Sequence[str], where: str) -> None:
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name and first.setdefault(name, index) != index:
            raise FrameOrderError(
                f"{where}: frames {first[name]} and {index} have the same name, {shown_name(name)}"
            )


def _distinct(numbers: Sequence[int | None]) -> list[int] | None:
    """The numbers, if every frame has one and no two the same."""
    found = [number for number in numbers if number is not None]
    return found if len(set(found)) == len(numbers) and found else None


def _require_ascending(numbers: Sequence[int], names: Sequence[str], where: str, why: str) -> None:
    for index in range(1, len(numbers)):
        if numbers[index] <= numbers[index - 1]:
            raise FrameOrderError(
                f"{where}: frame {shown_name(names[index])} is listed after "
                f"{shown_name(names[index - 1])}; the frames of "
                f"a video must be listed in order, and {why} they are not: sort the list, pass "
                "frame_order='names' or 'number' (--frame-order) to have it sorted, or "
                f"{CHANGE_ORDER}"
            )


def _ambiguous(names: Sequence[str], where: str) -> str:
    first = ", ".join(map(shown_name, names[:2]))
    return (
        f"{where}: the names of the frames ({first}, ...) leave open which number orders them: "
        "give every image a 'frame_index', pass frame_order='names' or 'number' (--frame-order) "
        f"to have them sorted, or {CHANGE_ORDER}"
    )
