import numpy as np
import pytest

from mmpose_temporal.datasets.exports import read_mot, write_mot


def test_mot(tracks, tmp_path):
    assert write_mot(tmp_path / "v5.txt", tracks) == 3
    assert (tmp_path / "v5.txt").read_text().splitlines() == [
        "1,7,0,20,5.1,20,0.7,-1,-1,-1",
        "3,7,0,20,5.1,20,0.7,-1,-1,-1",
        # 15.1 - 10 in float32 is 5.1000004.
        "3,3,10,20,5.1000004,20,0.7,-1,-1,-1",
    ]
    frames = read_mot(tmp_path / "v5.txt")
    assert len(frames) == 3
    for (ids, boxes, scores), expected in zip(frames, tracks.frames, strict=True):
        np.testing.assert_array_equal(ids, expected.poses.track_ids)
        np.testing.assert_allclose(boxes, expected.poses.boxes, rtol=1e-6)
        np.testing.assert_array_equal(scores, expected.poses.box_scores)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,3,4,5,6,x", "line 1: .* holds no numbers"),
        ("0,2,3,4,5,6,1", r"line 1: expected frame \(from 1\)"),
        ("1,2,3,4,5,6,1\n1,2,3", "line 2: expected"),
    ],
)
def test_broken_mot(tmp_path, text, message):
    (tmp_path / "x.txt").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_mot(tmp_path / "x.txt")
