"""Fields of files: what is taken, and what one line says of the rest."""

import json
import math

import numpy as np
import pytest

from mmpose_temporal.posetrack.fields import (
    LARGEST,
    file_name,
    flag,
    integer,
    load_json,
    number,
    numbers,
)
from mmpose_temporal.posetrack.tables import optional_table, table

HUGE = 10**400
DEEP = json.loads("[" * 300 + "]" * 300)


def one_line(error: pytest.ExceptionInfo) -> str:
    text = str(error.value)
    assert "\n" not in text and len(text) < 500, text
    return text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_in_the_encodings_that_json_has(tmp_path, encoding):
    (tmp_path / "a.json").write_bytes('{"ä": [1]}'.encode(encoding))
    assert load_json(tmp_path / "a.json") == {"ä": [1]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"\xef\xbb\xbf", r"truncated\?"),
        (b'{"a": [1, 2', r"truncated\?"),
        (b"\x1f\x8b\x08\x00", r"compressed \(gzip\)"),
        (b'{"a": "\xff"}', "utf-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"1" * 5000, "4300 digits"),
        (b'{"images": [], "images": [1]}', "the field 'images' twice"),
        (b"{} {}", "Extra data"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "it is a Git LFS pointer"),
        (b"\n<!DOCTYPE html><html></html>", "it is a web page"),
    ],
)
def test_what_is_not_json(tmp_path, content, message):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.json is not valid JSON.*" + message) as error:
        load_json(tmp_path / "a.json")
    one_line(error)


@pytest.mark.parametrize("value", [True, "1", [1, 2], {}, math.nan, math.inf, HUGE, -HUGE, DEEP])
@pytest.mark.parametrize("check", [number, integer])
def test_numbers_that_are_none(value, check):
    with pytest.raises(ValueError, match="^here: 'x' ") as error:
        check({"x": value}, "x", "here")
    one_line(error)


def test_wrapped_numbers_are_those_of_posetrack17_and_matlab():
    for value in ([5], np.array([[5.0]])):
        assert integer({"x": value}, "x", "here", wrapped=True) == 5
        assert number({"x": value}, "x", "here", wrapped=True) == 5
        with pytest.raises(ValueError, match="here: 'x' must be an integer, got "):
            integer({"x": value}, "x", "here")
        with pytest.raises(ValueError, match="here: 'x' must be a number, got "):
            number({"x": value}, "x", "here")


def test_limits_of_numbers():
    assert integer({"x": 2**63 - 1}, "x", "here") == 2**63 - 1
    assert integer({"x": -(2**63)}, "x", "here") == -(2**63)
    with pytest.raises(ValueError, match="'x' 9223372036854775808 does not fit in 64 bits"):
        integer({"x": 2**63}, "x", "here")
    assert number({"x": -LARGEST}, "x", "here") == -1e7
    with pytest.raises(ValueError, match=r"'x' holds 10000001, a number that is too large"):
        number({"x": 10_000_001}, "x", "here")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "'x' must hold 2 numbers, found none"),
        ([1], "'x' must hold 2 numbers, found 1"),
        ([[1, 2]], "'x' must hold 2 numbers, found 1 lists of 2"),
        ([True, False], r"'x' must be a list of numbers, got \[True, False\]"),
        (["1", 2], r"'x' must be a list of numbers"),
        ("12", "'x' must be a list of numbers, got '12'"),
        ({"a": 1, "b": 2}, "'x' must be a list of numbers"),
        ([1, None], "'x' must be a list of numbers"),
        ([1, DEEP], "'x' must be a list of numbers"),
        (["x" * 10**6, 1], "'x' must be a list of numbers"),
        ([1, math.nan], "'x' holds NaN or infinity"),
        ([1, -math.inf], "'x' holds NaN or infinity"),
        ([1, HUGE], "'x' holds 1000000.* too large"),
        ([1, 1e300], "'x' holds 1e[+]300, a number that is too large"),
    ],
)
def test_lists_of_numbers(value, message):
    rows = [{"x": [3, 4]}, {"x": value}]
    with pytest.raises(ValueError, match="^there: " + message) as error:
        numbers(value, "x", 2, "there")
    one_line(error)
    with pytest.raises(ValueError, match="^there: " + message):  # the row is named
        table(rows, "x", 2, ["here", "there"], np.float32)


def test_tables():
    rows = [{"x": [1, 2.5]}, {"x": [3, 4]}]
    np.testing.assert_array_equal(table(rows, "x", 2, ["a", "b"]), [[1, 2.5], [3, 4]])
    assert table([], "x", 2, []).shape == (0, 2)
    found = optional_table([{}, {"x": [3, 4]}, {"x": []}], "x", 2, ["a", "b", "c"], empty=True)
    np.testing.assert_array_equal(found, [[np.nan] * 2, [3, 4], [np.nan] * 2])


def test_yes_or_no():
    assert flag({"x": 1}, "x", "here", default=False) is True
    assert flag({"x": [0]}, "x", "here", default=True, wrapped=True) is False
    assert flag({}, "x", "here", default=True) is True
    for value in ("false", [0], [1, 0], {}, math.nan):
        with pytest.raises(ValueError, match="here: 'x' must be true, false or a number"):
            flag({"x": value}, "x", "here", default=True)


@pytest.mark.parametrize("name", ["", 3, ["a"], "a\0b", "\ud800", "a/" + "x" * 256, "a/" * 2100])
def test_what_no_file_can_be_called(name):
    with pytest.raises(ValueError, match="here: 'x' .*name of a file") as error:
        file_name(name, "x", "here")
    one_line(error)
    assert file_name("a/ä b.jpg", "x", "here") == "a/ä b.jpg"
