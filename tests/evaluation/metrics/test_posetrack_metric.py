"""The metric as mmengine's evaluator uses it."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.structures import InstanceData
from mmpose.registry import METRICS
from mmpose.structures import PoseDataSample

from mmpose_temporal.evaluation import PoseTrackMetric
from mmpose_temporal.evaluation.functional import PredictionFrame, VideoInput, evaluate_videos
from mmpose_temporal.evaluation.metrics.frame_records import FrameRecord
from mmpose_temporal.structures import SCORED_KEYPOINTS


def _sample(video, index, num_frames, people=2, found=None, **changes):
    """Exact predictions of ``found`` of ``people`` people; the head size is 0.6 * 50 = 30."""
    found = people if found is None else found
    points = np.arange(people)[:, None, None] * 200 + np.full((people, 17, 2), 50 + index)
    visible = np.zeros((people, 17), np.float32)
    visible[:, SCORED_KEYPOINTS] = 1
    boxes = np.tile(np.array([[0, 0, 90, 90]], np.float32), (people, 1))
    sample = PoseDataSample(
        metainfo=dict(
            img_id=int(video) * 10000 + index,
            img_path=f"/nowhere/{video}/{index:06d}.jpg",
            video_id=video,
            frame_index=index,
            num_frames=num_frames,
            frame_name=f"images/val/{video}/{index:06d}.jpg",
            frame_id=index,
            ori_shape=(480, 640),
            is_labeled=True,
            ignore_regions=[],
            frame_readable=True,
            dataset_name="posetrack",
        )
    )
    sample.set_metainfo({k: v for k, v in changes.items() if k in sample.metainfo_keys()})
    sample.gt_instances = InstanceData(
        bboxes=boxes,
        bbox_scores=np.ones(people, np.float32),
        keypoints=points.astype(np.float32),
        keypoints_visible=visible,
        head_boxes=np.tile(np.array([[0, 0, 30, 40]], np.float32), (people, 1)),
        track_ids=np.arange(people),
    )
    scores = np.linspace(0.5, 0.9, 17 * people, dtype=np.float32).reshape(people, 17)
    sample.pred_instances = InstanceData(
        bboxes=boxes[:found],
        bbox_scores=np.full(found, 0.75, np.float32),
        keypoints=points[:found].astype(np.float32),
        keypoint_scores=scores[:found],
        track_ids=changes.get("ids", np.arange(found) + 10),
    )
    return sample


def _video(video="000001", num_frames=4, **changes):
    return [_sample(video, index, num_frames, **changes) for index in range(num_frames)]


def _evaluate(samples, size=None, **options):
    evaluator = Evaluator([PoseTrackMetric(**options)])
    evaluator.process(data_samples=samples, data_batch=None)
    return evaluator.evaluate(len(samples) if size is None else size)


def test_registered():
    metric = METRICS.build(dict(type="PoseTrackMetric", protocol="strict"))
    assert isinstance(metric, PoseTrackMetric)


def test_perfect_and_keys():
    metrics = _evaluate([*_video("000002"), *_video("000001", num_frames=2)])
    assert tuple(metrics) == PoseTrackMetric.metric_keys()
    for name in ("AP", "AP_Head", "MOTA", "MOTA_Ankl", "MOTP", "Precision", "Recall_Elb"):
        assert metrics[f"posetrack/{name}"] == 100
    for name in ("IDF1", "IDF1_Knee", "IDP", "IDR", "HOTA", "HOTA_Head", "DetA", "AssA", "LocA"):
        assert metrics[f"posetrack/{name}"] == pytest.approx(100)
    assert metrics["posetrack/HOTA_legacy"] == pytest.approx(100)
    for name in ("IDSW", "IDSW_pct", "Frag", "unreadable_frames"):
        assert metrics[f"posetrack/{name}"] == 0


def test_prefix():
    metrics = _evaluate(_video(), prefix="val")
    assert tuple(metrics) == PoseTrackMetric.metric_keys("val")


def test_figures_and_options():
    samples = [_sample("000001", 0, 2), _sample("000001", 1, 2, found=1)]
    metrics = _evaluate(samples, protocol="strict")
    assert metrics["posetrack/MOTA"] == pytest.approx(100 * 3 / 4)  # one of four people missed
    assert metrics["posetrack/AP"] == pytest.approx(75)
    # person 0's scores end below 0.7, so only person 1 of frame 0 is left
    metrics = _evaluate(samples, protocol="strict", mota_score_thr=0.7)
    assert metrics["posetrack/MOTA"] == pytest.approx(25, abs=1e-9)
    assert metrics["posetrack/AP"] == pytest.approx(75)


def test_metrics_can_be_chosen(tmp_path):
    logger = MMLogger.get_instance("chosen", log_file=str(tmp_path / "log.txt"))
    everything = _evaluate(_video())
    chosen = _evaluate(_video(), metrics=["HOTA", "AP"])
    assert tuple(chosen) == PoseTrackMetric.metric_keys(metrics=("HOTA", "AP"))
    assert "posetrack/MOTA" not in chosen
    assert chosen == {name: everything[name] for name in chosen}
    for handler in logger.handlers:
        handler.flush()
    lines = [line.split() for line in (tmp_path / "log.txt").read_text().splitlines()]
    assert ["HOTA", *["100.0"] * 8] in lines
    assert sum(line[:1] == ["IDSW"] for line in lines) == 1  # of the first evaluation only


def test_a_float32_score_at_the_threshold_is_kept():
    samples = _video()
    for sample in samples:
        sample.pred_instances.keypoint_scores[:] = 0.7  # as float32 it is 0.69999999
    assert _evaluate(samples, mota_score_thr=0.7)["posetrack/Recall"] == 100


def test_scores_of_0_are_absent_joints():
    samples = _video()
    for sample in samples:
        sample.pred_instances.keypoint_scores[0] = 0
    assert _evaluate(samples, protocol="strict")["posetrack/Recall"] == pytest.approx(50)


def test_order_of_frames_and_videos_does_not_matter():
    def samples():
        moved = [*_video("000002"), *_video("000001", found=1)]
        moved[1].pred_instances.track_ids = np.array([11, 10])
        return moved

    forward, backward = _evaluate(samples()), _evaluate(samples()[::-1])
    assert forward == backward
    assert forward["posetrack/IDSW"] > 0


def test_metric_can_be_used_again():
    evaluator = Evaluator([PoseTrackMetric()])
    for _ in range(2):
        evaluator.process(data_samples=_video(), data_batch=None)
        assert evaluator.evaluate(4)["posetrack/AP"] == 100


def test_only_copies_are_kept():
    samples = _video()
    metric = PoseTrackMetric()
    metric.process(None, [sample.to_dict() for sample in samples])
    for sample in samples:
        sample.pred_instances.keypoints[:] = -1000
        sample.gt_instances.keypoints[:] = 5000
    assert metric.evaluate(4)["posetrack/AP"] == 100


def test_table_and_unreadable_frames_are_logged(tmp_path):
    logger = MMLogger.get_instance("table", log_file=str(tmp_path / "log.txt"))
    samples = _video()
    samples[2] = _sample("000001", 2, 4, found=0, frame_readable=False)
    metrics = _evaluate(samples, protocol="strict")
    for handler in logger.handlers:
        handler.flush()
    text = (tmp_path / "log.txt").read_text()
    assert metrics["posetrack/unreadable_frames"] == 1
    assert metrics["posetrack/Recall"] == pytest.approx(75)
    assert "1 frames could not be read" in text
    assert "000001: 2" in text
    lines = [line.split() for line in text.splitlines()]
    assert ["Head", "Shou", "Elb", "Wri", "Hip", "Knee", "Ankl", "Total"] in lines
    assert ["Recall", *["75.0"] * 8] in lines


def test_ignore_regions_and_labels_arrive():
    everything = np.array([[-1, -1], [999, -1], [999, 999], [-1, 999]], np.float32)
    samples = _video()
    samples[1] = _sample("000001", 1, 4, found=0, ignore_regions=[everything])
    assert _evaluate(samples, protocol="strict")["posetrack/Recall"] == 100
    empty = _sample("000001", 2, 4, people=0, is_labeled=False)
    empty.pred_instances = _sample("000001", 2, 4).pred_instances
    samples[2] = empty
    assert _evaluate(samples, protocol="strict")["posetrack/Precision"] == 100
    empty.set_metainfo(dict(is_labeled=True))
    assert _evaluate(samples, protocol="strict")["posetrack/Precision"] == pytest.approx(
        100 * 4 / 6
    )


def test_no_results():
    with pytest.raises(ValueError, match="nothing to evaluate"):
        _evaluate([], size=0)


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([0, 1, 3], r"'000001' is not whole .*missing frames \[2\], repeated frames \[\]"),
        ([0, 1, 2, 3, 1], r"missing frames \[\], repeated frames \[1\]"),
        ([0, 0, 1, 3], r"missing frames \[2\], repeated frames \[0\]"),
        ([0, 1, 2, 3, 7], r"unknown frames \[7\]"),
    ],
)
def test_videos_must_be_whole(indices, message):
    with pytest.raises(ValueError, match=message):
        _evaluate([*_video("000003"), *(_sample("000001", index, 4) for index in indices)])


def test_whole_videos_missing():
    with pytest.raises(ValueError, match=r"data set has 8 frames, but 4 .* \['000001'\]"):
        _evaluate(_video(), size=8)


def test_frames_disagree_on_the_length():
    with pytest.raises(ValueError, match=r"disagree on num_frames: \[1, 2\]"):
        _evaluate([_sample("000001", 0, 1), _sample("000001", 1, 2)])


def test_errors_of_the_data_come_through():
    with pytest.raises(ValueError, match=r"'000001', frame 0: prediction track_ids .* repeated"):
        _evaluate(_video(ids=np.array([3, 3])))
    samples = _video()
    samples[2].pred_instances.keypoint_scores[1, 5] = np.nan
    with pytest.raises(ValueError, match="frame 2: prediction scores of person 1"):
        _evaluate(samples)
    samples = _video()
    samples[1].gt_instances.head_boxes[0] = np.nan
    with pytest.raises(ValueError, match="frame 1: ground truth head_sizes of person 0"):
        _evaluate(samples)
    samples = _video()
    people = samples[3].pred_instances
    samples[3].pred_instances = InstanceData(
        bboxes=people.bboxes,
        bbox_scores=people.bbox_scores,
        keypoints=people.keypoints[:, :15],
        keypoint_scores=people.keypoint_scores[:, :15],
        track_ids=people.track_ids,
    )
    with pytest.raises(ValueError, match=r"frame 3: predictions have 15 keypoints"):
        _evaluate(samples)
    samples = _video()
    del samples[0].pred_instances
    with pytest.raises(ValueError, match="frame 0: the sample has no pred_instances"):
        _evaluate(samples)
    samples = _video()
    del samples[0].gt_instances
    with pytest.raises(ValueError, match="frame 0: no gt_instances"):
        _evaluate(samples)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(format_only=True), "give outfile_prefix"),
        (dict(protocol="x"), "protocol must be one of"),
        (dict(metrics=("AP", "x")), "metrics must be some of"),
        (dict(metrics="AP"), "metrics must be some of"),
        (dict(joints="x"), "joints must be one of"),
        (dict(ap_score_thr=float("nan")), "ap_score_thr must be a number"),
        (dict(collect_device="tpu"), "collect_device must be"),
    ],
)
def test_options_are_checked_at_construction(options, message):
    with pytest.raises(ValueError, match=message):
        PoseTrackMetric(**options)


def test_format_only(tmp_path):
    samples = [*_video("000002"), *_video("000001", num_frames=2, found=0)]
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
        frames = _video(num_frames=6)
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
    samples = _video()
    samples[2] = _sample("000001", 2, 4, found=0, frame_readable=False, ori_shape=(0, 0))
    _evaluate(samples, outfile_prefix=tmp_path)
    images = json.loads((tmp_path / "000001.json").read_text())["images"]
    assert [image.get("width") for image in images] == [640, 640, None, 640]
    assert ["height" in image for image in images] == [True, True, False, True]


def test_figures_with_files(tmp_path):
    metrics = _evaluate(_video(), outfile_prefix=tmp_path)
    assert metrics["posetrack/AP"] == 100
    document = json.loads((tmp_path / "000001.json").read_text())
    assert len(document["images"]) == 4
    assert len(document["annotations"]) == 8


def test_video_ids_that_leave_the_folder(tmp_path):
    samples = _video()
    for sample in samples:
        sample.set_metainfo(dict(video_id="../000001"))
    with pytest.raises(ValueError, match="cannot name a file"):
        _evaluate(samples, outfile_prefix=tmp_path / "out")
    assert not list(tmp_path.rglob("*.json"))


def _crowd(sample):
    """1001 people at one place, one more than a file has ids for."""
    people = sample.pred_instances
    fields = ("bboxes", "bbox_scores", "keypoints", "keypoint_scores")
    sample.pred_instances = InstanceData(
        **{name: np.repeat(people[name][:1], 1001, axis=0) for name in fields},
        track_ids=np.arange(1001),
    )


def _three_videos():
    return [s for name in ("000001", "000002", "000003") for s in _video(name, num_frames=2)]


def test_files_that_cannot_be_written_cost_no_figures(tmp_path):
    logger = MMLogger.get_instance("unwritten", log_file=str(tmp_path / "log.txt"))
    samples = _three_videos()
    _crowd(samples[1])
    samples[4].pred_instances.bboxes[1, 2] = np.inf  # the figures do not need boxes
    with pytest.raises(ValueError, match="2 of 3 videos could not be written") as failure:
        _evaluate(samples, outfile_prefix=tmp_path / "out", protocol="strict")
    assert "'000001', frame 1: 1001 people, at most 1000" in str(failure.value)
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
    module = sys.modules["mmpose_temporal.evaluation.posetrack_format"]
    write = module.write_json

    def fails_for_2(path, document):
        if path.name == "000002.json":
            raise OSError(28, "No space left on device", str(path))
        write(path, document)

    monkeypatch.setattr(module, "write_json", fails_for_2)
    with pytest.raises(ValueError, match=r"1 of 3 videos .* No space left on device: .*000002"):
        _evaluate(_three_videos(), outfile_prefix=tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["000001.json", "000003.json"]


_WORKER = """
import importlib.util, json, sys
import torch.distributed as dist

spec = importlib.util.spec_from_file_location("cases", sys.argv[1])
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)
rank = int(sys.argv[2])
dist.init_process_group("gloo", init_method=sys.argv[3], rank=rank, world_size=2)
shares = cases.ranks()
results = []
metric = cases.PoseTrackMetric()
metric.process(None, [sample.to_dict() for sample in shares[rank]])
results.append(metric.evaluate(sum(map(len, shares))))
metric.process(None, [sample.to_dict() for sample in shares[rank][: 3 if rank else None]])
try:
    metric.evaluate(sum(map(len, shares)))
except Exception as error:
    results.append(f"{type(error).__name__}: {error}")
with open(sys.argv[4], "w") as file:
    json.dump(results, file)
dist.barrier()  # gloo aborts a process whose peer is gone before it
dist.destroy_process_group()
"""


def ranks():
    """What two ranks hold: 7 frames of two videos, and 4 frames of one."""
    first = [*_video("000001", num_frames=5, found=1), *_video("000003", num_frames=2)]
    first[2].pred_instances.track_ids = np.array([12])
    return first, _video("000002")


@pytest.mark.slow
def test_two_ranks_with_unequal_shares(tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(textwrap.dedent(_WORKER))
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    workers = [
        subprocess.Popen(
            [
                sys.executable,
                str(script),
                __file__,
                str(rank),
                f"file://{tmp_path}/meeting",
                str(tmp_path / f"{rank}.json"),
            ],
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    errors = [worker.communicate(timeout=120)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], errors
    (metrics, failure), (other_metrics, other_failure) = (
        json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)
    )
    expected = _evaluate([sample for share in ranks() for sample in share])
    assert metrics == other_metrics == expected
    assert expected["posetrack/IDSW"] == 30  # away and back again, 15 joints
    # one frame of the second rank is lost: both ranks learn of it
    assert failure.startswith("ValueError: video '000002' is not whole")
    assert other_failure.startswith("RuntimeError: the evaluation failed on the first rank: Value")
