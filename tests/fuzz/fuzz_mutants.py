"""Small changes of valid files, at random places: values, structure, text and bytes.

Every function takes a :class:`random.Random`, which may be hypothesis's own (it then finds the
smallest change that fails).
"""

import copy
import gzip
import json
import math
from random import Random
from typing import Any

import numpy as np


def deep(levels: int) -> list:
    """A list in a list in a list ..."""
    value: list = []
    for _ in range(levels):
        value = [value]
    return value


NUMBERS = (0, -1, 1, 0.5, -0.0, 1e-320, 1e7, 1e8, -1e300, 1e308, math.nan, math.inf, -math.inf)
INTEGERS = (2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**30, 10**400)
TEXTS = ("", " ", "x", "1", "nan", "\ud800", "a\nb", "\0", "../x", "/etc", "a:b", "é", "x" * 5000)
TEXTS += ("images/val/v/999999999999999999.jpg", "images/val/v/000001.jpg", "9" * 200 + ".jpg")
OTHERS = (None, True, False, [], [[]], {}, [1], [True], [None], ["1"], {"a": 1}, [[1, 2], [3]])
ANYTHING = (*NUMBERS, *INTEGERS, *TEXTS, *OTHERS, deep(20), deep(300), [0] * 2000)

TOKENS = ("", " ", "x", "nan", "inf", "-1", "0", "1.5", "1e9", "1e400", "1000000000", "١", "1_0")
TOKENS += (str(2**63 - 1), str(2**63), "9" * 400, "9" * 5000, "\0", "\ufeff", "\u2028", ";", '"')

WHOLE_FILES = (
    b"",
    b"\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x1f\x8b\x08\x00\x00",
    b"PK\x03\x04",
    b"\x89HDF\r\n\x1a\n" + bytes(600),
    b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n" + bytes(100),
    b"<html><body>404</body></html>",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    b"[" * 100_000,
    b"[" * 900 + b"]" * 900,
    b"null",
    b"[]",
    b"{}",
    b"3",
    b'"x"',
    b"[null]",
    b"[[]]",
    b"[{}]",
    b"NaN",
    b"9" * 5000,
    bytes(1000),
)


def mutate_value(document: Any, random: Random) -> Any:
    """A copy with one to three changes of its values and structure."""
    document = copy.deepcopy(document)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        document = _change(document, random)
    return document


def _places(document: Any) -> list[tuple[Any, Any]]:
    """(container, key) of every value, also of nested ones."""
    places: list[tuple[Any, Any]] = []
    stack = [document]
    while stack and len(places) < 5000:
        value = stack.pop()
        if isinstance(value, dict | list):
            keys = list(value) if isinstance(value, dict) else range(len(value))
            places += [(value, key) for key in keys]
            stack += [value[key] for key in keys if isinstance(value[key], dict | list)]
    return places


def _change(document: Any, random: Random) -> Any:
    places = _places(document)
    if not places or random.random() < 0.02:
        return copy.deepcopy(random.choice(ANYTHING))
    named = [place for place in places if isinstance(place[0], dict)]
    container, key = random.choice(named if named and random.random() < 0.7 else places)
    value = container[key]
    kind = random.randrange(12)
    if kind <= 2:
        container[key] = copy.deepcopy(random.choice(ANYTHING))
    elif kind == 3:
        del container[key]
    elif kind == 4:
        container[key] = [value]
    elif kind == 5:
        container[key] = str(value)[:200]
    elif kind == 6:
        other, name = random.choice(places)
        container[key] = copy.deepcopy(other[name])
    elif isinstance(value, list) and value:
        _change_list(value, random)
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        container[key] = random.choice((-value, value + 1, value * 1000, value + 0.5))
    else:
        container[key] = None
    return document


def _change_list(items: list, random: Random) -> None:
    kind = random.randrange(6)
    index = random.randrange(len(items))
    if kind == 0:
        items.pop(index)
    elif kind == 1:
        items.append(copy.deepcopy(items[index]))
    elif kind == 2:
        items.reverse()
    elif kind == 3:
        items.clear()
    elif kind == 4:
        items[index] = copy.deepcopy(random.choice(ANYTHING))
    else:
        items.extend(copy.deepcopy(items))


def mutate_json(document: Any, random: Random) -> bytes:
    """A JSON file: its values are changed, or its text."""
    if random.random() < 0.8:
        return json.dumps(mutate_value(document, random)).encode()
    data = json.dumps(document).encode()
    kind = random.randrange(6)
    if kind == 0:
        return data.decode().encode(random.choice(("utf-8-sig", "utf-16", "utf-32")))
    if kind == 1:
        return gzip.compress(data, mtime=0)
    if kind == 2:
        return data.replace(b'": ', b'": 1, "id": ', 1)
    return mutate_bytes(data, random)


def mutate_lines(text: str, random: Random) -> bytes:
    """A file of lines with cells: some cells or lines are changed."""
    if random.random() < 0.25:
        return mutate_bytes(text.encode(), random)
    rows = [line.split(",") for line in text.splitlines()]
    for _ in range(random.choice((1, 1, 2))):
        row = random.choice(rows)
        kind = random.randrange(5)
        if kind <= 2:
            row[random.randrange(len(row))] = random.choice(TOKENS)
        elif kind == 3:
            row.append(random.choice(TOKENS))
        elif len(row) > 1:
            row.pop()
    return "\n".join(",".join(row) for row in rows).encode()


def mutate_bytes(data: bytes, random: Random) -> bytes:
    """Bytes are cut, changed, added, or replaced as a whole."""
    kind = random.randrange(6)
    start = random.randrange(max(len(data), 1))
    if kind == 0:
        return random.choice(WHOLE_FILES)
    if kind == 1:
        return data[:start]
    if kind == 2:
        return data[:start] + bytes(random.randrange(1, 40)) + data[start:]
    if kind == 3:
        return data[:start] + data[start + random.randrange(1, 40) :]
    changed = bytearray(data)
    for _ in range(random.choice((1, 2, 8))):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


ARRAY_VALUES = (0, -1, 2**31, 2**62, math.nan, math.inf, 1e300)


def mutate_array(array: np.ndarray, random: Random) -> np.ndarray:
    """Another type, shape or value."""
    kind = random.randrange(7)
    if kind == 0 and array.dtype.kind != "U":
        return array.astype(random.choice((np.float64, np.int8, np.uint64, str, bool, object)))
    if kind == 1:
        return array[..., None]
    if kind == 2:
        return array.reshape(-1)
    if kind == 3:
        return array[:0] if array.ndim else np.array([array, array])
    if kind == 4:
        return np.concatenate([array, array]) if array.ndim else array[None]
    if kind == 5:
        return np.array(random.choice((None, 1, "x", [], 1j, b"x")))
    array = np.array(array, np.float64 if array.dtype.kind in "fiu" else object)
    flat = array.reshape(-1)
    if len(flat):
        flat[random.randrange(len(flat))] = random.choice(ARRAY_VALUES)
    return array
