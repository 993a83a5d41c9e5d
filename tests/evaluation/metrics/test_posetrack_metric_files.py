"""The files that the metric writes, beside its figures and without them."""

import json
import os
import sys

import numpy as np
import pytest
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.structures import InstanceData

from mmpose_temporal.evaluation import PoseTrackMetric
from mmpose_temporal.evaluation.functional import PredictionFrame, VideoInput, evaluate_videos
from mmpose_temporal.evaluation.metrics.frame_records import FrameRecord
from mmpose_temporal.structures import SCORED_KEYPOINTS
from mmpose_temporal.testing import finished_sample, finished_video


def _evaluate(samples, size=None, **options):
    evaluator = Evaluator([PoseTrackMetric(**options)])
    evaluator.process(data_samples=samples, data_batch=None)
    return evaluator.evaluate(len(samples) if size is None else size)


def test_format_only(tmp_path):
    samples = [*finished_video("000002"), *finished_video("000001", num_frames=2, found=0)]
    for sample in samples:
        del sample.gt_instances
    assert _evaluate(samples, format_only=True, outfile_prefix=tmp_path / "out") == {}
    assert sorted(os.listdir(tmp_path / "out")) == ["000001.json", "000002.json"]
    document = json.loads((tmp_path / "out" / "000001.json").read_text())
    assert [image["id"] for image in document["images"]] == [10000, 10001]
    assert document["annotations"] == []


def test_written_files_give_the_same_figures(tmp_path):
    def samples():
        rng = np.random.default_rng(0)
        frames = finished_video(num_frames=6)
        for frame in frames:
            people = frame.pred_instances
            people.keypoints += rng.normal(0, 10, people.keypoints.shape).astype(np.float32)
            people.keypoint_scores[rng.random((2, 17)) < 0.2] = 0
        frames[3].pred_instances.track_ids = np.array([11, 10])
        return frames

    assert _evaluate(samples(), format_only=True, outfile_prefix=tmp_path) == {}
    document = json.loads((tmp_path / "000001.json").read_text())
    read = []
    for image in document["images"]:
        people = [p for p in document["annotations"] if p["image_id"] == image["id"]]
        points = np.array([p["keypoints"] for p in people]).reshape(-1, 17, 3)[:, SCORED_KEYPOINTS]
        read.append(
            PredictionFrame(
                keypoints=points[..., :2],
                present=points[..., 2] > 0,
                scores=np.array([p["scores"] for p in people])[:, SCORED_KEYPOINTS],
                track_ids=np.array([p["track_id"] for p in people]),
            )
        )
    records = [FrameRecord.from_sample(s.to_dict(), with_truth=True) for s in samples()]
    figures = evaluate_videos([VideoInput("v", [record.truth for record in records], read)])
    metrics = _evaluate(samples())
    assert 0 < metrics["posetrack/AP"] < 100
    assert metrics == {
        **{f"posetrack/{name}": value for name, value in figures.as_dict().items()},
        "posetrack/unreadable_frames": 0,
    }


def test_unreadable_frames_of_unknown_size_are_written_without_it(tmp_path):
    samples = finished_video()
    samples[2] = finished_sample("000001", 2, 4, found=0, frame_readable=False, ori_shape=(0, 0))
    _evaluate(samples, outfile_prefix=tmp_path)
    images = json.loads((tmp_path / "000001.json").read_text())["images"]
    assert [image.get("width") for image in images] == [640, 640, None, 640]
    assert ["height" in image for image in images] == [True, True, False, True]


def test_figures_with_files(tmp_path):
    metrics = _evaluate(finished_video(), outfile_prefix=tmp_path)
    assert metrics["posetrack/AP"] == 100
    document = json.loads((tmp_path / "000001.json").read_text())
    assert len(document["images"]) == 4
    assert len(document["annotations"]) == 8


def test_video_ids_that_leave_the_folder(tmp_path):
    samples = finished_video()
    for sample in samples:
        sample.set_metainfo(dict(video_id="../000001"))
    with pytest.raises(ValueError, match="cannot name a file"):
        _evaluate(samples, outfile_prefix=tmp_path / "out")
    assert not list(tmp_path.rglob("*.json"))


def test_two_videos_of_one_file(tmp_path):
    samples = finished_video("1") + finished_video("2")
    for index, sample in enumerate(samples):
        sample.set_metainfo(dict(video_id="vV"[index // 4]))
    with pytest.raises(ValueError, match="1 of 2 videos .*V and v, which differ in capitals"):
        _evaluate(samples, outfile_prefix=tmp_path)
    assert os.listdir(tmp_path) == ["V.json"]  # the first by name


def _crowd(sample):
    """1001 people at one place, of whom the last has no box."""
    people = sample.pred_instances
    fields = ("bboxes", "bbox_scores", "keypoints", "keypoint_scores")
    sample.pred_instances = InstanceData(
        **{name: np.repeat(people[name][:1], 1001, axis=0) for name in fields},
        track_ids=np.arange(1001),
    )
    sample.pred_instances.bboxes[-1] = np.nan


def _three_videos():
    return [
        s for name in ("000001", "000002", "000003") for s in finished_video(name, num_frames=2)
    ]


def test_files_that_cannot_be_written_cost_no_figures(tmp_path):
    logger = MMLogger.get_instance("unwritten", log_file=str(tmp_path / "log.txt"))
    samples = _three_videos()
    _crowd(samples[1])
    samples[4].pred_instances.bboxes[1, 2] = np.inf  # the figures do not need boxes
    with pytest.raises(ValueError, match="2 of 3 videos could not be written") as failure:
        _evaluate(samples, outfile_prefix=tmp_path / "out", protocol="strict")
    assert "'000001', frame 1: boxes of the predictions hold NaN or inf" in str(failure.value)
    assert "'000003', frame 0: boxes of the predictions hold NaN or inf" in str(failure.value)
    assert os.listdir(tmp_path / "out") == ["000002.json"]
    for handler in logger.handlers:
        handler.flush()
    text = (tmp_path / "log.txt").read_text()
    assert "wrote the predictions of 1 of 3 videos" in text
    lines = [line.split() for line in text.splitlines()]
    # frame 1 of video 1: one of two people is found, 1000 are too many; the other 11 are found
    precision = 100 * 11 / (11 + 1000)
    assert ["Recall", *[f"{100 * 11 / 12:.1f}"] * 8] in lines
    assert ["Precision", *[f"{precision:.1f}"] * 8] in lines
    with pytest.raises(ValueError, match="2 of 3 videos could not be written"):
        _evaluate(samples, outfile_prefix=tmp_path / "again", format_only=True)
    assert os.listdir(tmp_path / "again") == ["000002.json"]


def test_figures_that_cannot_be_computed_cost_no_files(tmp_path):
    samples = _three_videos()
    samples[1].gt_instances.head_boxes[0] = np.nan
    with pytest.raises(ValueError, match="'000001', frame 1: ground truth head_sizes"):
        _evaluate(samples, outfile_prefix=tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["000001.json", "000002.json", "000003.json"]


def test_a_full_disk_is_told_as_well(tmp_path, monkeypatch):
    module = sys.modules["mmpose_temporal.posetrack.predictions"]
    write = module.write_json

    def fails_for_2(path, document, **options):
        if path.name == "000002.json":
            raise OSError(28, "No space left on device", str(path))
        write(path, document, **options)

    monkeypatch.setattr(module, "write_json", fails_for_2)
    with pytest.raises(ValueError, match=r"1 of 3 videos .* No space left on device: .*000002"):
        _evaluate(_three_videos(), outfile_prefix=tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["000001.json", "000003.json"]
