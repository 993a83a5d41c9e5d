"""Pictures of points on plain grounds; colours are looked up at the pixels."""

import numpy as np
import pytest

from mmpose_temporal.visualization import PointPicture, draw_correspondences, heat_colors
from mmpose_temporal.visualization.correspondences import FOUND, QUERY, TRUTH
from mmpose_temporal.visualization.panels import draw_bar, scaled, stacked, titled


def near(pixel, color) -> bool:
    """Equal but for smoothed edges."""
    return np.abs(np.asarray(pixel, int) - np.asarray(color, int)).max() < 40


def point(**changes) -> PointPicture:
    """The query at (40, 40); before refinement it is found in cell (5, 2), after it in (2, 5)."""
    raw, refined = np.zeros((8, 8)), np.zeros((8, 8))
    raw[2, 5], refined[5, 2], refined[1, 1] = 0.5, 0.04, 0.02
    places = dict(query=[40, 40], raw_found=[87.5, 39.5], found=[39.5, 87.5], truth=[40, 88])
    places = {name: np.array(value, float) for name, value in places.items()}
    given = dict(name="nose", raw=raw, refined=refined, raw_score=0.5, score=0.04)
    return PointPicture(**{**given, **places, **changes})


def test_a_row_has_the_query_and_both_maps():
    """Of 128 x 128 pixels, cells of 16; titles of 24 rows, columns of 128 and 6 between them."""
    image, other = np.full((128, 128, 3), 200, np.uint8), np.full((128, 128, 3), 100, np.uint8)
    drawn = draw_correspondences(image, other, [point()], cell=16, width=128)
    assert drawn.shape == (24 + 128 + 6 + 24, 3 * 128 + 12, 3)
    query, raw, refined = (drawn[24:152, 134 * i : 134 * i + 128] for i in range(3))
    assert near(query[40, 48], QUERY) and query[40, 40].tolist() == [200] * 3
    assert query[100, 100].tolist() == [200] * 3
    brightest, half = heat_colors(np.array([1.0, 0.5]))
    assert near(raw[40, 88], brightest) and near(raw[39, 97], FOUND)
    assert raw[112, 16].tolist() == [60] * 3  # grey and dark where nothing is
    assert near(refined[88, 40], brightest)  # 0.04 is its highest
    assert near(refined[24, 24], np.rint(60 * (1 - 0.5**0.5) + half * 0.5**0.5))
    assert near(refined[88, 47], TRUTH) or near(refined[88, 49], FOUND)
    assert (image == 200).all() and (other == 100).all()


def test_rows_a_headline_and_what_is_not_known():
    image = np.full((64, 128, 3), 100, np.uint8)
    unknown = point(truth=np.full(2, np.nan), found=np.full(2, np.nan), refined=np.zeros((4, 8)))
    options = dict(cell=16, titles=("frame 0", "frame 5"), headline="a", width=256)
    drawn = draw_correspondences(image, image, [point(), unknown], **options)
    assert drawn.shape == (24 + 2 * (24 + 128 + 6) + 24, 3 * 256 + 12, 3)
    last = drawn[24 + 158 + 24 : 24 + 2 * 158 - 6, 2 * 262 :]
    assert (last == 60).all()  # nothing was found, and nothing is known
    with pytest.raises(ValueError, match="a point or more"):
        draw_correspondences(image, image, [], cell=16)


def test_panels():
    high, low = np.zeros((10, 4, 3), np.uint8), np.zeros((6, 5, 3), np.uint8)
    both = stacked([[high, low], [low]])
    assert both.shape == (10 + 6 + 6 + 6, 4 + 6 + 5, 3)
    assert both[:6, [3, 10]].max() == 0 and both[8, 12].tolist() == [255] * 3
    assert titled(low, "a").shape == (30, 5, 3)
    assert scaled(high, 2).shape == (20, 8, 3) and scaled(high, 0.5).shape == (5, 2, 3)
    assert scaled(high, 1) is high
    bar = np.full((24, 80, 3), 255, np.uint8)
    draw_bar(bar, heat_colors)
    assert near(bar[12, 20], heat_colors(np.zeros(1))[0])
    assert near(bar[12, 59], heat_colors(np.ones(1))[0])


def test_titles_have_the_scores_and_not_the_brightest_values():
    """A map may be on another scale than its score."""
    image = np.full((64, 128, 3), 100, np.uint8)
    drawn = [
        draw_correspondences(image, image, [point(raw=p * 0.5, raw_score=s)], cell=16, width=128)
        for p, s in ((np.eye(8), 0.5), (np.eye(8) * 2, 0.5), (np.eye(8), 0.6))
    ]
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != drawn[2])[:24].any() and (drawn[0] == drawn[2])[24:].all()
