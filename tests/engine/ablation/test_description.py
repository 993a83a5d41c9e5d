from pathlib import Path

import pytest

from mmpose_temporal.engine.ablation import Ablation, Row, Training, Videos


def ablation(trainings=None, **rows):
    return Ablation(
        root=Path(),
        videos=dict(val=Videos(split="val", options=""), train=Videos(split="train", options="")),
        trainings=trainings or dict(one=Training(config="c"), two=Training(config="c")),
        rows=rows,
        figures={},
    )


def test_beside_the_data_root():
    videos = Videos(split="val", options="", suffix="_tuning")
    assert videos.root(Path("data/set")) == Path("data/set_tuning")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (dict(a=Row(training="three", config="c")), "row 'a': no 'three'"),
        (dict(a=Row(training="one", config="c", videos="night")), "or no 'night'"),
        (
            dict(a=Row(training="one", config="c", checkpoints={"load_from": "four"})),
            "row 'a': no 'one' or no 'four' or no 'val'",
        ),
        (dict(a=Row(training="one", config="c", tuned_as="b")), "'b' is no row"),
        (
            dict(
                a=Row(training="one", config="c", tuned_as="b"), b=Row(training="two", config="c")
            ),
            "row 'a': 'b' is no row of its training",
        ),
        (
            dict(trainings=dict(two=Training(config="c", after="one"))),
            "training 'two': there is no 'one'",
        ),
    ],
)
def test_names_that_are_not_there(arguments, text):
    with pytest.raises(ValueError, match=text):
        ablation(**arguments)
