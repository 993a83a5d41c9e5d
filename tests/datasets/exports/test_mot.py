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
        ("1,2,3,4,5,6,x", "line 1: score is no number: 'x'"),
        ("1,2,3,4,5,6,nan", "line 1: score is no number: 'nan'"),
        ("1,2,3_0,4,5,6,1", "line 1: x is no number: '3_0'"),
        ("1,2,3,4,5,6,1e999", "line 1: 'x, y, w, h, score' holds NaN or infinity"),
        ("0,2,3,4,5,6,1", "line 1: frame is 0; frames count from 1 to 1000000"),
        ("-1,2,3,4,5,6,1", "line 1: frame is -1;"),
        ("1.5,2,3,4,5,6,1", "line 1: 'frame' must be an integer, got 1.5"),
        ("1000000000,1,0,0,1,1,1,-1,-1,-1", "line 1: frame is 1000000000; frames count from 1 to"),
        ("1,2,3,4,5,6,1\n1,2,3", "line 2: expected 7 to 10 columns .*, got 3"),
        ("\n\n1,2,3,4,5,6,1,-1,-1,-1,-1", "line 3: expected 7 to 10 columns .*, got 11"),
        ("1,9223372036854775808,3,4,5,6,1", "line 1: 'id' 9223372036854775808 does not fit in 64"),
        ("1,2,3,4,-5,6,1", "line 1: 'x, y, w, h' has a negative width or height"),
        ("1,2,3,4,5,6,1\n1,2,0,0,5,6,1", "line 2: id 2 stands twice in frame 1"),
        ("\xff", "is not text"),
        ("\0", "line 1: expected 7 to 10 columns"),
    ],
)
def test_broken_mot(tmp_path, text, message):
    (tmp_path / "x.txt").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=r"x\.txt.*" + message) as error:
        read_mot(tmp_path / "x.txt")
    assert "\n" not in str(error.value)


def test_ids_of_64_bits_and_frames_without_people(tmp_path):
    # 2**53 + 1 is no float, so ids that were read as floats would be one
    lines = ["1000000,9007199254740993,0,0,1,1,1", "1,9007199254740992,0,0,1,1,1", ""]
    lines += ["1,-1,0,0,1,1,.5", "1,-1,5,0,1,1,5e-1"]
    (tmp_path / "x.txt").write_text("\ufeff" + "\r\n".join(lines))
    frames = read_mot(tmp_path / "x.txt")
    assert len(frames) == 1_000_000
    assert frames[0][0].tolist() == [2**53, -1, -1] and frames[0][2].tolist() == [1, 0.5, 0.5]
    assert frames[-1][0].tolist() == [2**53 + 1]
    assert frames[1][0].shape == (0,) and frames[1][1].shape == (0, 4)
    (tmp_path / "x.txt").write_text("")
    assert read_mot(tmp_path / "x.txt") == []  # as write_mot writes a video without people
