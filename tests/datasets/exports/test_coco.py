import numpy as np
import pytest

from mmpose_temporal.datasets.exports import VideoTracks, coco_results, write_coco_results


def test_coco(tracks, tmp_path, poses, frame):
    results = coco_results(tracks)
    assert [(r["image_id"], r["track_id"]) for r in results] == [
        (50000, 7),
        (50002, 7),
        (50002, 3),
    ]
    first = results[0]
    assert first["category_id"] == 1
    assert first["keypoints"][:3] == [0.0, pytest.approx(1 / 3), pytest.approx(0.1)]
    assert first["keypoints"][9:15] == [0.0] * 6  # the ears
    # 0.1 to 0.9 in 16 steps of 0.05, without 0.25 and 0.3: (8.5 - 0.55) / 15; times 0.7.
    assert first["score"] == pytest.approx(0.7 * 7.95 / 15)
    nobody = poses([4])
    nobody = nobody.replace(keypoint_scores=np.zeros((1, 17), np.float32))
    assert coco_results(VideoTracks("v", [frame(0, nobody)])) == []
    with pytest.raises(ValueError, match="videos v5 and w share the image id 50000"):
        write_coco_results(tmp_path / "x.json", [tracks, VideoTracks("w", [frame(0, poses([1]))])])
    assert not (tmp_path / "x.json").exists()
