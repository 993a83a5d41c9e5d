"""Pictures on plain backgrounds; colours are looked up at the pixels."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from mmpose_temporal.models.trackers import PathStep, RefinementRecord
from mmpose_temporal.visualization import (
    draw_matches,
    draw_refinement,
    probability_colors,
    save_picture,
)
from mmpose_temporal.visualization.matching import CHOSEN

YELLOW, BLUE = probability_colors(np.array([1.0, 0.0]))


def near(pixel: np.ndarray, color: np.ndarray) -> bool:
    """Equal but for smoothed edges."""
    return np.abs(pixel.astype(int) - np.asarray(color, int)).max() < 30


def grey(width: int = 60, height: int = 40, value: int = 100) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def test_colours_go_from_dark_to_bright() -> None:
    colors = probability_colors(np.array([[0.0, 0.5, 1.0, 2.0, -1.0]])).astype(int)
    assert colors.shape == (1, 5, 3)
    luma = colors[0] @ [0.299, 0.587, 0.114]
    assert luma[0] < luma[1] < luma[2]
    assert colors[0, 3].tolist() == colors[0, 2].tolist()
    assert colors[0, 4].tolist() == colors[0, 0].tolist()


def test_matches_connect_the_keypoints() -> None:
    """One pair of people with two keypoints: sure at the top, unsure below."""
    image, other = grey(), grey(80, 50)
    keypoints, others = np.array([[[10, 10], [10, 30.0]]]), np.array([[[20, 10], [20, 30.0]]])
    found = draw_matches(image, other, keypoints, others, np.array([[1.0, 0.0]]))
    assert found.shape == (50 + 24, 60 + 6 + 80, 3) and found.dtype == np.uint8
    # the joints, and a place on each line, between x = 10 and 60 + 6 + 20
    for x in (10, 40, 86):
        assert near(found[10, x], YELLOW)
        assert near(found[30, x], BLUE)
    assert found[20, 40].tolist() == [100] * 3
    assert (image == 100).all() and (other == 100).all()


def test_pairs_that_are_not_scored_are_not_drawn() -> None:
    keypoints = np.array([[[10, 10], [10, 30.0]]])
    bare = draw_matches(grey(), grey(), keypoints, keypoints, np.full((1, 2), np.nan))
    nobody = draw_matches(
        grey(), grey(), np.zeros((0, 2, 2)), np.zeros((0, 2, 2)), np.zeros((0, 2))
    )
    np.testing.assert_array_equal(bare, nobody)
    assert (bare[:40, :60] == 100).all()
    broken = keypoints.copy()
    broken[0, 1] = np.nan
    found = draw_matches(grey(), grey(), broken, keypoints, np.ones((1, 2)))
    assert near(found[10, 40], YELLOW) and found[30, 40].tolist() == [100] * 3


def test_titles_labels_and_enlarged_frames() -> None:
    """60 x 40 pixels twice as large: 120 x 80, 24 rows above and below, and 6 between.

    The keypoint (10, 10) covers the pixels 20 and 21, so that its centre is 20.5.
    """
    keypoints = np.array([[[10, 30], [10, 10.0]]])
    arguments = grey(), grey(), keypoints, keypoints, np.array([[np.nan, 1.0]])
    found = draw_matches(*arguments, titles=["before", "after"], scale=2)
    assert found.shape == (24 + 80 + 24, 120 + 6 + 120, 3)
    assert near(found[24 + 20, 20], YELLOW) and near(found[24 + 20, 126 + 20], YELLOW)
    assert (found[:24, :120] < 60).any() and (found[:24, 126:] < 60).any()  # text
    named = draw_matches(*arguments, titles=["before", "after"], labels=["id 3"], scale=2)
    changed = (named != found).any(-1)
    assert changed[24:104, :120].any() and changed[24:104, 126:].any()
    # above the highest keypoint that is drawn, in the frames
    assert not changed[:24].any() and not changed[24 + 20 :].any()


def test_a_wide_picture_has_a_legend() -> None:
    nothing = np.zeros((0, 2, 2)), np.zeros((0, 2, 2)), np.zeros((0, 2))
    wide, narrow = (draw_matches(grey(w), grey(w), *nothing) for w in (330, 300))
    assert (wide[40:, :120] < 60).any() and (narrow[40:, :120] == 255).all()


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="P labels if any, got .* 2 labels"):
        draw_matches(
            grey(),
            grey(),
            np.zeros((1, 2, 2)),
            np.zeros((1, 2, 2)),
            np.zeros((1, 2)),
            labels=["a", "b"],
        )
    with pytest.raises(ValueError, match=r"got \(1, 2, 2\), \(1, 3, 2\) and \(1, 2\)"):
        draw_matches(grey(), grey(), np.zeros((1, 2, 2)), np.zeros((1, 3, 2)), np.zeros((1, 2)))


BOX = np.array([10.0, 10, 34, 42])
"""24 x 32 pixels; with padding 1 a crop of 48 x 64 shows it twice as large."""


def record() -> RefinementRecord:
    """Two people; keypoint 0 of track 7 has candidates at (14, 18) and (26, 34) of the image."""
    candidates = np.zeros((2, 1, 3, 2))
    candidates[1, 0, :2] = [[14, 18], [26, 34]]
    return RefinementRecord(
        track_ids=np.array([3, 7]),
        boxes=np.stack([BOX, BOX]),
        candidates=candidates,
        before=np.array([[[0.1, 0.1, 0.1]], [[0.9, 0.4, -np.inf]]]),
        after=np.array([[[0.1, 0.1, 0.1]], [[0.3, 0.7, -np.inf]]]),
        steps=[
            PathStep(
                frame_index=4,
                rows=np.array([1]),
                keypoints=np.array([[[26.0, 34.0]]]),
                boxes=BOX[None],
                weights=np.array([[[0.0, 1.0, 0.5]]]),
            ),
            PathStep(
                frame_index=6,
                rows=np.array([0]),  # the other person's
                keypoints=np.array([[[26.0, 34.0]]]),
                boxes=BOX[None],
                weights=np.array([[[0.0, 1.0, 0.5]]]),
            ),
        ],
    )


def picture(**options) -> np.ndarray:
    options = {"track_id": 7, "keypoint": 0, "crop_size": (48, 64), "padding": 1.0, **options}
    return draw_refinement(record(), {i: grey(64, 48) for i in (4, 5)}, 5, **options)


def test_the_path_and_the_responses() -> None:
    """Rows of 24 + 64 + 6 pixels: t - 1 and t above, before and after below, 6 pixels between.

    The candidates lie at (8, 16) and (32, 48) of the crop: twice the offset from the box.
    """
    found = picture()
    assert found.shape == (2 * 94, 48 + 6 + 48, 3)
    upper, lower = found[24:88], found[118:182]
    # in t - 1 the predicted place, in the colour of W = 1 to the chosen candidate
    assert near(upper[48, 32], YELLOW)
    # in t the ring around the chosen one, 8 pixels off its centre
    assert near(upper[48, 54 + 32 + 8], CHOSEN)
    before, after = lower[:, :48].astype(int), lower[:, 54:].astype(int)
    # spots: the first is brighter before, the second after
    assert before[16, 8].sum() > before[48, 32].sum()
    assert after[48, 32].sum() > after[16, 8].sum()
    assert near(before[16, 16], CHOSEN) and near(after[48, 40], CHOSEN)
    assert before[32, 44].tolist() == [60] * 3  # far from all: the crop at 0.6
    # 0.9 is the highest response of both, and so white-hot; 0.7 after is less
    assert before[16, 8].sum() > after[48, 32].sum()


def test_a_headline() -> None:
    plain, found = picture(), picture(headline="right_knee")
    np.testing.assert_array_equal(found[24:], plain)
    assert (found[:24] < 60).any()


def test_low_responses_are_seen_too() -> None:
    """A tenth of the responses: the same spots."""
    weak = record()
    low = RefinementRecord(
        **{
            **{n: getattr(weak, n) for n in weak.__slots__},
            "before": weak.before / 10,
            "after": weak.after / 10,
        }
    )
    options = dict(track_id=7, keypoint=0, crop_size=(48, 64), padding=1.0)
    found = draw_refinement(low, {i: grey(64, 48) for i in (4, 5)}, 5, **options)
    spots = slice(118, 182)
    np.testing.assert_allclose(found[spots].astype(int), picture()[spots], atol=2)


def test_without_context_there_is_one_crop() -> None:
    """The other person's path is in the record; with it the row above would be wider."""
    found = picture(track_id=7)
    alone = RefinementRecord(
        **{**{n: getattr(record(), n) for n in record().__slots__}, "steps": []}
    )
    picture_alone = draw_refinement(
        alone, {5: grey(64, 48)}, 5, track_id=7, keypoint=0, crop_size=(48, 64), padding=1.0
    )
    assert picture_alone.shape == found.shape  # the lower row has two crops
    assert (picture_alone[:94, 48:] == 255).all() and not (found[24:88, 54:] == 255).all()


def test_what_is_not_there() -> None:
    with pytest.raises(ValueError, match=r"the frame has no track 1, but \[3, 7\]"):
        picture(track_id=1)
    with pytest.raises(ValueError, match=r"keypoint must be in \[0, 0\], got 1"):
        picture(keypoint=1)
    with pytest.raises(ValueError, match=r"frames lacks the frames \[4\] of the path"):
        draw_refinement(record(), {5: grey()}, 5, track_id=7, keypoint=0)


def test_files(tmp_path: Path) -> None:
    save_picture(tmp_path / "new" / "p.png", picture())
    read = cv2.imread(str(tmp_path / "new" / "p.png"))[..., ::-1]
    np.testing.assert_array_equal(read, picture())
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["p.png"]
    with pytest.raises(ValueError, match=r"written as .png or .jpg, got '.gifx'"):
        save_picture(tmp_path / "p.gifx", picture())
