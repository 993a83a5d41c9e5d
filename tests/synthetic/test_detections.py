"""The simulated detector: its rates, its scores, its limits."""

import numpy as np
import pytest

from mmpose_temporal.synthetic import DetectorNoise, simulate_detections
from mmpose_temporal.synthetic.detections import _true_boxes

PERFECT = {"jitter": 0.0, "miss": 0.0, "duplicate": 0.0, "false_positives": 0.0}


def _noise(**changes):
    return DetectorNoise(**{**PERFECT, **changes})


def _video(frames=500, people=10, visible=17):
    """People of 40 x 80 pixels in a row, in frames of 1000 x 500."""
    triples = np.zeros((17, 3))
    triples[:visible] = [1, 1, 1]
    images = [{"id": i, "vid_id": "000001", "width": 1000, "height": 500} for i in range(frames)]
    annotations = [
        {
            "image_id": i,
            "bbox": [100.0 + 80 * p, 200.0, 40.0, 80.0],
            "keypoints": triples.ravel().tolist(),
        }
        for i in range(frames)
        for p in range(people)
    ]
    return {"images": images, "annotations": annotations}


def test_a_perfect_detector_returns_the_boxes():
    boxes = simulate_detections(_video(2, 3), _noise(), seed=0)
    assert len(boxes) == 6
    assert {box["image_id"] for box in boxes} == {0, 1}
    assert sorted(box["bbox"] for box in boxes if box["image_id"] == 0) == [
        [100.0, 200.0, 40.0, 80.0],
        [180.0, 200.0, 40.0, 80.0],
        [260.0, 200.0, 40.0, 80.0],
    ]
    scores = [box["score"] for box in boxes[:3]]
    assert scores == sorted(scores, reverse=True)


def test_miss_rate_of_visible_people():
    found = len(simulate_detections(_video(), _noise(miss=0.2), seed=1))
    # 5,000 boxes: 4,000 expected, deviation sqrt(5000 * 0.2 * 0.8) = 28.3; 4.5 of them = 127.
    assert abs(found - 4000) < 127


def test_occluded_people_are_missed_more_often():
    # 5 of the 17 joints, of which 3 are scored: hidden 12/15, rate 0.2 * (1 + 1.6) = 0.52.
    found = len(simulate_detections(_video(visible=5), _noise(miss=0.2), seed=1))
    assert abs(found - 5000 * 0.48) < 4.5 * np.sqrt(5000 * 0.52 * 0.48)


def test_everybody_missed():
    assert simulate_detections(_video(3, 2), _noise(miss=1.0), seed=0) == []


def test_duplicate_rate():
    found = len(simulate_detections(_video(), _noise(duplicate=0.3), seed=2))
    assert abs(found - 6500) < 4.5 * np.sqrt(5000 * 0.3 * 0.7)


def test_false_positive_rate_and_frame():
    boxes = simulate_detections(_video(4000, 0), _noise(false_positives=1.5), seed=3)
    # Poisson with mean 6,000, deviation 77.5; a few boxes at the edge are cut to nothing.
    assert abs(len(boxes) - 6000) < 4.5 * 77.5
    corners = np.array([box["bbox"] for box in boxes])
    assert (corners[:, :2] >= 0).all() and (corners[:, 2:] >= 2).all()
    assert (corners[:, 0] + corners[:, 2] <= 999.02).all()
    assert (corners[:, 1] + corners[:, 3] <= 499.02).all()


def test_jitter_is_a_share_of_the_size():
    boxes = simulate_detections(_video(500, 1), _noise(jitter=0.1), seed=4)
    corners = np.array([box["bbox"] for box in boxes])
    centres = corners[:, :2] + 0.5 * corners[:, 2:]
    # Sides 40 and 80: deviations of the centre 4 and 8, of the log size 0.1; 500 samples.
    np.testing.assert_allclose(centres.std(axis=0), [4, 8], rtol=0.15)
    np.testing.assert_allclose(centres.mean(axis=0), [120, 240], atol=1.7)
    np.testing.assert_allclose(np.log(corners[:, 2:]).std(axis=0), 0.1, rtol=0.15)


def test_true_boxes_score_higher_with_overlap():
    true = [box["score"] for box in simulate_detections(_video(200, 5), _noise(), seed=5)]
    false = [
        box["score"]
        for box in simulate_detections(_video(1000, 0), _noise(false_positives=1.0), seed=5)
    ]
    assert np.mean(true) == pytest.approx(9 / 11, abs=0.02)
    assert np.mean(false) == pytest.approx(2 / 8, abs=0.03)
    assert max(false) > min(true)  # they overlap
    better = np.mean(np.array(true)[:, None] > np.array(false)[None])
    assert 0.95 < better < 1.0


def test_seed_and_video_decide():
    noise = DetectorNoise()
    video, other = _video(20, 3), _video(20, 3)
    other["images"] = [{**image, "vid_id": "000002"} for image in other["images"]]
    first = simulate_detections(video, noise, seed=7)
    assert first == simulate_detections(video, noise, seed=7)
    assert first != simulate_detections(video, noise, seed=8)
    assert first != simulate_detections(other, noise, seed=7)


def test_empty_video():
    assert simulate_detections({"images": [], "annotations": []}, DetectorNoise(), seed=0) == []


def test_boxes_are_made_from_joints_where_absent():
    video = _video(1, 1)
    keypoints = np.zeros((17, 3))
    keypoints[[0, 16]] = [[100, 100, 1], [120, 140, 1]]
    video["annotations"] = [
        {"image_id": 0, "keypoints": keypoints.ravel().tolist()},
        {"image_id": 0, "keypoints": [0.0] * 51},
    ]
    with pytest.warns(UserWarning, match="1 annotations without a box"):
        (box,) = simulate_detections(video, _noise(), seed=0)
    assert box["bbox"] == [97.0, 94.0, 26.0, 52.0]  # extent 20 x 40 and 15 % of it


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"miss": 1.1}, "miss must be in"),
        ({"jitter": -0.1}, "jitter must be in"),
        ({"duplicate": 2}, "duplicate must be in"),
        ({"false_positives": -1}, "false_positives must be"),
        ({"miss": float("nan")}, "miss must be in"),
    ],
)
def test_bad_rates(changes, text):
    with pytest.raises(ValueError, match=text):
        _noise(**changes)


def test_bad_annotations():
    video = _video(1, 1)
    video["annotations"][0]["image_id"] = 99
    with pytest.raises(ValueError, match="not listed, as 99"):
        simulate_detections(video, _noise(), seed=0)
    del video["images"][0]["width"]
    with pytest.raises(ValueError, match="width and height"):
        simulate_detections(video, _noise(), seed=0)


def test_marked_hidden_joints_count_as_hidden_and_stay_in_the_box():
    points = np.column_stack([np.arange(17) * 5.0 + 10, np.arange(17) * 4.0 + 20, np.ones(17)])
    entry = {"image_id": 1, "keypoints": points.ravel().tolist()}
    ids, boxes, hidden = _true_boxes([entry, entry | {"keypoints_hidden": [0] * 7 + [1] * 10}])
    assert ids.tolist() == [1, 1] and hidden[0] == 0
    # 10 of the 15 joints that are scored: the ears are at 3 and 4.
    np.testing.assert_allclose(hidden[1], 10 / 15)
    np.testing.assert_allclose(boxes[0], boxes[1])
