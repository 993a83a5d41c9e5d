import os

import pytest

from mmpose_temporal.utils import refuse_inputs, refuse_twins


def test_inputs(tmp_path):
    source = tmp_path / "in" / "v.json"
    source.parent.mkdir()
    source.write_text("{}")
    (tmp_path / "link").symlink_to(source.parent)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "soft.json").symlink_to(source)
    os.link(source, tmp_path / "other" / "hard.json")
    for target in (
        source,
        tmp_path / "in" / ".." / "in" / "v.json",
        tmp_path / "link" / "v.json",
        tmp_path / "other" / "soft.json",
        tmp_path / "other" / "hard.json",
    ):
        with pytest.raises(ValueError, match=r"is an input.*would be replaced"):
            refuse_inputs([tmp_path / "new.json", target], [source])
    refuse_inputs([tmp_path / "in" / "w.json", tmp_path / "v.json"], [source])
    refuse_inputs([source], [])
    with pytest.raises(ValueError, match="in is a folder"):
        refuse_inputs([tmp_path / "in"], [source])


def test_an_input_that_is_not_there_yet(tmp_path):
    with pytest.raises(ValueError, match="is an input"):
        refuse_inputs([tmp_path / "v.json"], [tmp_path / "v.json"])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["v", "w", "v"], "of one name: v and v: rename"),
        (["V1", "v1"], "V1 and v1, which differ in capitals only: rename"),
        (["\u00e4", "a\u0308"], "of one name"),  # two ways to write the same letter
        (["Straße", "STRASSE"], "of one name"),
    ],
)
def test_twins(names, message):
    with pytest.raises(ValueError, match=message):
        refuse_twins(names)


def test_different_names():
    refuse_twins(["v1", "v2", "v1_"])
    refuse_twins([])
