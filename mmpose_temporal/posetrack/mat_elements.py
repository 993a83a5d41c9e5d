"""A check of the elements of a .mat file before scipy reads it.

scipy takes the types and sizes of a MATLAB 5 file on trust, and a few damaged bytes then end the
whole process (an index out of a C array). The check follows the file's own structure: each element
has a known type and lies within the one around it, and structs and cells hold as many elements as
they say. The format: "MAT-File Format", MathWorks, level 5.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

MATRIX, COMPRESSED = 14, 15
INT8, INT32, UINT32 = 1, 5, 6
NUMBERS = frozenset((1, 2, 3, 4, 5, 6, 7, 9, 12, 13))
CHARACTERS = frozenset((1, 2, 3, 4, 16, 17, 18))
CELL, STRUCT, TEXT, FIRST_NUMERIC, LAST_NUMERIC = 1, 2, 4, 6, 15
COMPLEX = 0x800
MAX_BYTES = 4 * 2**30
"""Of a decompressed variable (choice; a small compressed file may claim any size)."""


class Element(NamedTuple):
    """Type and content of an element; content begins at ``start`` of ``data``."""

    kind: int
    data: bytes
    start: int
    stop: int

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return self.stop - self.start


def check_elements(data: bytes, variable: str) -> None:
    """Check a MATLAB 5 file as far as scipy reads it for one variable.

    Args:
        data: The whole file.
        variable: Its arrays are checked; of others only their heads, as they are skipped.

    Raises:
        ValueError: It is damaged, or holds what is neither a struct, a cell, text nor numbers.
    """
    if len(data) < 128 or data[126:128] not in (b"IM", b"MI"):
        raise ValueError("it has no head of a MATLAB 5 file")
    order = "<" if data[126:128] == b"IM" else ">"
    for element in _elements(Element(MATRIX, data, 128, len(data)), order, padded=False):
        if element.kind == COMPRESSED:
            element = _decompressed(element, order)
        if element.kind != MATRIX:
            raise ValueError(f"byte {element.start}: a variable has the type {element.kind}")
        parts = list(_elements(element, order, first=3))
        _check_head(parts)
        if data_of(parts[2]) == variable.encode():
            _check_arrays(element, order)


def data_of(element: Element) -> bytes:
    """The content."""
    return element.data[element.start : element.stop]


def _elements(
    parent: Element, order: str, *, first: int | None = None, padded: bool = True
) -> Iterator[Element]:
    """The elements inside one, or the first few; those of a matrix end at multiples of 8 bytes."""
    position, count = parent.start, 0
    while position < parent.stop and count != first:
        if position + 8 > parent.stop:
            raise ValueError(f"byte {position}: an element is cut short")
        word, size = struct.unpack_from(order + "II", parent.data, position)
        kind, small = word & 0xFFFF, word >> 16
        start = position + (4 if small else 8)
        stop = start + (small or size)
        if small > 4 or stop > parent.stop:
            raise ValueError(f"byte {position}: an element is larger than what holds it")
        yield Element(kind, parent.data, start, stop)
        position = position + 8 if small else stop + (start - stop) % 8 * padded
        count += 1


def _decompressed(element: Element, order: str) -> Element:
    worker = zlib.decompressobj()
    try:
        data = worker.decompress(data_of(element), MAX_BYTES)
    except zlib.error as error:
        raise ValueError(f"byte {element.start}: {error}") from error
    if not worker.eof:
        raise ValueError(f"byte {element.start}: compressed data are cut short or too large")
    inner = list(_elements(Element(MATRIX, data, 0, len(data)), order))
    if len(inner) != 1:
        raise ValueError(f"byte {element.start}: {len(inner)} compressed elements instead of one")
    return inner[0]


def _check_head(parts: list[Element]) -> None:
    """The first three elements of an array are its flags, sizes and name."""
    kinds = [part.kind for part in parts]
    if kinds != [UINT32, INT32, INT8] or parts[0].size != 8 or parts[1].size % 4:
        raise ValueError(f"an array has the head {kinds}, not flags, sizes and name")


def _check_arrays(element: Element, order: str) -> None:
    """An array and all those inside it."""
    waiting = [element]
    while waiting:
        element = waiting.pop()
        if not element.size:
            continue  # an empty array
        parts = list(_elements(element, order))
        _check_head(parts[:3])
        flags = struct.unpack_from(order + "I", element.data, parts[0].start)[0]
        sizes = struct.unpack_from(f"{order}{parts[1].size // 4}i", element.data, parts[1].start)
        if min(sizes, default=0) < 0 or len(sizes) < 2:
            raise ValueError(f"byte {parts[1].start}: an array has the sizes {list(sizes)}")
        waiting += _children(flags, math.prod(sizes), parts[3:], order)


def _children(flags: int, count: int, parts: list[Element], order: str) -> list[Element]:
    """The arrays inside an array, whose own content is checked."""
    kind = flags & 0xFF
    if kind == STRUCT:
        names = parts[:2]
        if [part.kind for part in names] != [INT32, INT8] or names[0].size != 4:
            raise ValueError("a struct has no names of its fields")
        length = struct.unpack_from(order + "i", names[0].data, names[0].start)[0]
        if length < 1 or names[1].size % length:
            raise ValueError(f"names of {length} bytes do not fit {names[1].size} bytes")
        count, parts = count * (names[1].size // length), parts[2:]
    elif kind == TEXT:
        return _leaf(parts, 1, CHARACTERS)
    elif FIRST_NUMERIC <= kind <= LAST_NUMERIC:
        return _leaf(parts, 2 if flags & COMPLEX else 1, NUMBERS)
    elif kind != CELL:
        raise ValueError(f"an array has the class {kind}, which holds no annotations")
    if len(parts) != count or any(part.kind != MATRIX for part in parts):
        raise ValueError(f"an array has {len(parts)} elements, not {count} arrays")
    return parts


def _leaf(parts: list[Element], count: int, kinds: frozenset[int]) -> list[Element]:
    if len(parts) != count or any(part.kind not in kinds for part in parts):
        raise ValueError(f"numbers or text have the types {[part.kind for part in parts]}")
    return []
