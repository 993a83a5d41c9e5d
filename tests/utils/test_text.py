import json

from mmpose_temporal.utils.text import shown, shown_name


def test_values_are_cut():
    assert shown([1, "a"]) == "[1, 'a']"
    assert shown("x" * 1000) == "'" + "x" * 37 + "..." + "x" * 38 + "'"
    assert len(shown(10**400)) == 40
    assert shown(10**5000) == "an integer of about 5000 digits"  # 16610 bits x 0.30103
    assert shown(json.loads("[" * 500 + "]" * 500)) == "[[[[...]]]]"
    assert shown([0] * 100) == "[0, 0, 0, 0, 0, 0, ...]"


def test_names_stay_as_they_are_if_they_are_one_line():
    assert shown_name("images/ä b.jpg") == "images/ä b.jpg"
    assert shown_name("a\nb") == r"'a\nb'"
    assert shown_name("\x1b[31m") == r"'\x1b[31m'"
    assert shown_name(7) == "7"
    assert shown_name(None) == "None"
