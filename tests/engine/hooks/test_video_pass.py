"""Video files, timelines and pictures of finished frames, late, unreadable or broken ones too."""

import logging

import cv2
import numpy as np
import pytest
from mmpose.structures import PoseDataSample

from mmpose_temporal.engine.hooks.video_pass import VideoPass


@pytest.fixture
def out_dir(tmp_path):
    return tmp_path / "show"


@pytest.fixture
def begin(visualizer):
    visualizer.set_dataset_meta(dict(skeleton_links=[(0, 1)], keypoint_name2id={}))

    def make(**options):
        return VideoPass(visualizer=visualizer, logger=logging.getLogger("test"), **options)

    return make


def play(videos, batches):
    for outputs in batches:
        videos.add(outputs)
    videos.finish()


def test_interleaved_and_late_frames(visualizer, begin, tmp_path, out_dir, walker, count, names):
    a, b = walker("a", 3), walker("b", 2, size=(32, 96))
    videos = begin(out_dir=out_dir)
    for outputs in [[], [a[0]], [b[0], a[1]], [b[1]]]:
        videos.add(outputs)
    # b is complete while a is not.
    assert names(out_dir) == ["a.partial.mp4", "b.mp4", "b_timeline.png"]
    assert visualizer.open_videos == ("a",)
    videos.add([a[2]])
    videos.finish()
    assert names(out_dir) == ["a.mp4", "a_timeline.png", "b.mp4", "b_timeline.png"]
    assert count(out_dir / "a.mp4") == (3, 25.0)
    assert count(out_dir / "b.mp4") == (2, 25.0)
    assert cv2.VideoCapture(str(out_dir / "b.mp4")).read()[1].shape == (32, 96, 3)
    assert visualizer.open_videos == ()
    assert names(tmp_path / "log") == []  # the backends got nothing


def test_the_person_is_in_the_video(begin, out_dir, walker):
    frames = walker("a", 1, size=(480, 640))
    sample = frames[0]
    for instances in (sample.pred_instances, sample.gt_instances):
        instances.keypoints = instances.keypoints * 10
        instances.bboxes = instances.bboxes * 10
    play(begin(out_dir=out_dir), [[sample]])
    frame = cv2.VideoCapture(str(out_dir / "a.mp4")).read()[1].astype(int)
    changed = np.abs(frame - 120).max(-1) > 60
    assert changed[100:400, 96:105].any(1).all()  # the link from (100, 100) to (100, 400)
    assert not changed[:, 200:].any()


def test_unreadable_frames_are_grey_and_counted(begin, tmp_path, out_dir, caplog, walker, count):
    frames = walker("a", 4)
    samples = [frames[i] for i in range(4)]
    samples[0].set_metainfo(dict(frame_readable=False))  # the data set says so
    (tmp_path / "a_1.png").unlink()
    (tmp_path / "a_2.png").write_bytes(b"no image")
    for sample in samples[:3]:
        sample.pred_instances = sample.pred_instances[:0]
    play(begin(out_dir=out_dir), [samples])
    assert count(out_dir / "a.mp4")[0] == 4
    first = cv2.VideoCapture(str(out_dir / "a.mp4")).read()[1]
    assert first[0, 0] == pytest.approx(64, abs=6)
    assert "3 of 4 drawn frames could not be read" in caplog.text


def test_unreadable_frames_of_unknown_size(begin, out_dir, walker, count):
    frames = walker("a", 2)
    samples = [frames[0], frames[1]]
    samples[1].set_metainfo(dict(frame_readable=False, ori_shape=(0, 0)))
    play(begin(out_dir=out_dir), [samples])
    assert count(out_dir / "a.mp4")[0] == 2  # in the size of the frame before
    alone = walker("b", 1)[0]
    alone.set_metainfo(dict(frame_readable=False, ori_shape=(0, 0)))
    play(begin(out_dir=out_dir), [[alone]])
    assert cv2.VideoCapture(str(out_dir / "b.mp4")).read()[1].shape == (360, 640, 3)


def test_an_unfinished_video_is_marked_and_named(
    visualizer, begin, out_dir, caplog, walker, count, names
):
    frames = walker("a", 3)
    play(begin(out_dir=out_dir), [[frames[0], frames[1]]])
    assert names(out_dir) == ["a.partial.mp4"]
    assert count(out_dir / "a.partial.mp4")[0] == 2
    assert ".partial.mp4: a" in caplog.text
    assert visualizer.open_videos == ()


def test_an_error_closes_everything(visualizer, begin, out_dir, walker, count):
    frames = walker("a", 3)
    broken = frames[1]
    broken.pred_instances.keypoints = np.zeros((1, 2, 3))
    with pytest.raises(ValueError, match="shape"):
        play(begin(out_dir=out_dir), [[frames[0]], [broken]])
    assert visualizer.open_videos == ()
    assert count(out_dir / "a.partial.mp4")[0] == 1


def test_metainfo_that_says_too_little_or_leaves_the_folder(begin, out_dir, walker):
    with pytest.raises(ValueError, match="lacks video_id, frame_index in its metainfo"):
        play(begin(out_dir=out_dir), [[PoseDataSample(metainfo=dict(img_path="a.png"))]])
    with pytest.raises(ValueError, match="leaves"):
        play(begin(out_dir=out_dir), [[walker("../../a", 3)[0]]])


def test_backends_get_the_frames_without_folder_and_window(begin, tmp_path, walker, names):
    frames = walker("a", 3)
    play(begin(interval=2), [[frames[i]] for i in range(3)])
    assert [p.rpartition("/")[2] for p in names(tmp_path / "log")] == ["a_0.png", "a_2.png"]
