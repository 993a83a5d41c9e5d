from pathlib import Path

import pytest

from mmpose_temporal.utils.failed_files import FailedFiles


def broken(text):
    raise ValueError(text)


def test_the_others_are_used():
    failed = FailedFiles()
    assert failed.attempt(Path("a"), lambda: 1) == 1
    assert failed.attempt(Path("b"), lambda: broken("b is\n broken")) is None
    assert failed.attempt(Path("c"), lambda: Path("no/such/file").read_text()) is None
    failed.require_others(3)  # a is left
    first, second, third = failed.lines("read")
    assert first == "not read, as they cannot be used: 2 files"
    assert second == "    b is broken"
    assert third == "    no/such/file: No such file or directory"


def test_a_summary_names_ten():
    failed = FailedFiles()
    for number in range(12):
        failed.attempt(Path(f"{number}"), lambda: broken("x"))
    lines = failed.lines("read")
    assert len(lines) == 1 + 10 + 1 and lines[-1] == "    and 2 more"
    assert FailedFiles().lines("read") == []


def test_nothing_left():
    failed = FailedFiles()
    failed.attempt(Path("a"), lambda: broken("a is broken"))
    with pytest.raises(ValueError, match="^a is broken$"):
        failed.require_others(1)
    failed.attempt(Path("b"), lambda: broken("b is broken"))
    with pytest.raises(ValueError, match="none of the 2 files can be used; the first: a is broke"):
        failed.require_others(2)
    FailedFiles().require_others(0)


def test_errors_of_the_program_are_raised():
    with pytest.raises(KeyError):
        FailedFiles().attempt(Path("a"), lambda: {}["x"])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("frame 3: no", "in/v.json: frame 3: no"),
        ("v.json, frame 3: no", "v.json, frame 3: no"),
        ("in/other.json: no", "in/other.json: no"),
    ],
)
def test_errors_name_a_file(text, kept):
    failed = FailedFiles()
    failed.attempt(Path("in/v.json"), lambda: broken(text))
    with pytest.raises(ValueError, match=f"^{kept}$"):
        failed.require_others(1)
