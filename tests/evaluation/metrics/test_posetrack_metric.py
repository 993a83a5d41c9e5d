"""The metric as mmengine's evaluator uses it."""

import numpy as np
import pytest
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from mmpose_temporal.evaluation import PoseTrackMetric
from mmpose_temporal.testing import finished_sample, finished_video


def _evaluate(samples, size=None, **options):
    evaluator = Evaluator([PoseTrackMetric(**options)])
    evaluator.process(data_samples=samples, data_batch=None)
    return evaluator.evaluate(len(samples) if size is None else size)


def test_registered():
    metric = METRICS.build(dict(type="PoseTrackMetric", protocol="strict"))
    assert isinstance(metric, PoseTrackMetric)


def test_perfect_and_keys():
    metrics = _evaluate([*finished_video("000002"), *finished_video("000001", num_frames=2)])
    assert tuple(metrics) == PoseTrackMetric.metric_keys()
    for name in ("AP", "AP_Head", "MOTA", "MOTA_Ankl", "MOTP", "Precision", "Recall_Elb"):
        assert metrics[f"posetrack/{name}"] == 100
    for name in ("IDF1", "IDF1_Knee", "IDP", "IDR", "HOTA", "HOTA_Head", "DetA", "AssA", "LocA"):
        assert metrics[f"posetrack/{name}"] == pytest.approx(100)
    assert metrics["posetrack/HOTA_legacy"] == pytest.approx(100)
    for name in ("IDSW", "IDSW_pct", "Frag", "unreadable_frames"):
        assert metrics[f"posetrack/{name}"] == 0


def test_prefix():
    metrics = _evaluate(finished_video(), prefix="val")
    assert tuple(metrics) == PoseTrackMetric.metric_keys("val")


def test_figures_and_options():
    samples = [finished_sample("000001", 0, 2), finished_sample("000001", 1, 2, found=1)]
    metrics = _evaluate(samples, protocol="strict")
    assert metrics["posetrack/MOTA"] == pytest.approx(100 * 3 / 4)  # one of four people missed
    assert metrics["posetrack/AP"] == pytest.approx(75)
    # person 0's scores end below 0.7, so only person 1 of frame 0 is left
    metrics = _evaluate(samples, protocol="strict", mota_score_thr=0.7)
    assert metrics["posetrack/MOTA"] == pytest.approx(25, abs=1e-9)
    assert metrics["posetrack/AP"] == pytest.approx(75)


def test_metrics_can_be_chosen(tmp_path):
    logger = MMLogger.get_instance("chosen", log_file=str(tmp_path / "log.txt"))
    everything = _evaluate(finished_video())
    chosen = _evaluate(finished_video(), metrics=["HOTA", "AP"])
    assert tuple(chosen) == PoseTrackMetric.metric_keys(metrics=("HOTA", "AP"))
    assert "posetrack/MOTA" not in chosen
    assert chosen == {name: everything[name] for name in chosen}
    for handler in logger.handlers:
        handler.flush()
    lines = [line.split() for line in (tmp_path / "log.txt").read_text().splitlines()]
    assert ["HOTA", *["100.0"] * 8] in lines
    assert sum(line[:1] == ["IDSW"] for line in lines) == 1  # of the first evaluation only


def test_a_float32_score_at_the_threshold_is_kept():
    samples = finished_video()
    for sample in samples:
        sample.pred_instances.keypoint_scores[:] = 0.7  # as float32 it is 0.69999999
    assert _evaluate(samples, mota_score_thr=0.7)["posetrack/Recall"] == 100


def test_scores_of_0_are_absent_joints():
    samples = finished_video()
    for sample in samples:
        sample.pred_instances.keypoint_scores[0] = 0
    assert _evaluate(samples, protocol="strict")["posetrack/Recall"] == pytest.approx(50)


def test_order_of_frames_and_videos_does_not_matter():
    def samples():
        moved = [*finished_video("000002"), *finished_video("000001", found=1)]
        moved[1].pred_instances.track_ids = np.array([11, 10])
        return moved

    forward, backward = _evaluate(samples()), _evaluate(samples()[::-1])
    assert forward == backward
    assert forward["posetrack/IDSW"] > 0


def test_metric_can_be_used_again():
    evaluator = Evaluator([PoseTrackMetric()])
    for _ in range(2):
        evaluator.process(data_samples=finished_video(), data_batch=None)
        assert evaluator.evaluate(4)["posetrack/AP"] == 100


def test_only_copies_are_kept():
    samples = finished_video()
    metric = PoseTrackMetric()
    metric.process(None, [sample.to_dict() for sample in samples])
    for sample in samples:
        sample.pred_instances.keypoints[:] = -1000
        sample.gt_instances.keypoints[:] = 5000
    assert metric.evaluate(4)["posetrack/AP"] == 100


def test_table_and_unreadable_frames_are_logged(tmp_path):
    logger = MMLogger.get_instance("table", log_file=str(tmp_path / "log.txt"))
    samples = finished_video()
    samples[2] = finished_sample("000001", 2, 4, found=0, frame_readable=False)
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
    samples = finished_video()
    samples[1] = finished_sample("000001", 1, 4, found=0, ignore_regions=[everything])
    assert _evaluate(samples, protocol="strict")["posetrack/Recall"] == 100
    empty = finished_sample("000001", 2, 4, people=0, is_labeled=False)
    empty.pred_instances = finished_sample("000001", 2, 4).pred_instances
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
    ("options", "message"),
    [
        (dict(format_only=True), "give outfile_prefix"),
        (dict(protocol="x"), "protocol must be one of"),
        (dict(metrics=("AP", "x")), "metrics must be some of"),
        (dict(metrics="AP, x"), "metrics must be some of"),
        (dict(joints="x"), "joints must be one of"),
        (dict(ap_score_thr=float("nan")), "ap_score_thr must be a number"),
        (dict(collect_device="tpu"), "collect_device must be"),
    ],
)
def test_options_are_checked_at_construction(options, message):
    with pytest.raises(ValueError, match=message):
        PoseTrackMetric(**options)


def test_one_metric_may_be_a_text():
    alone = _evaluate(finished_video(), metrics="AP")
    assert alone == _evaluate(finished_video(), metrics=["AP"])
    assert "posetrack/AP" in alone and "posetrack/MOTA" not in alone


def test_hidden_joints():
    def samples(mark=True):
        frames = finished_video(num_frames=2)
        for frame in frames:
            hidden = np.zeros((2, 17), bool)
            hidden[0, 5] = True
            if mark:
                frame.gt_instances.keypoints_hidden = hidden
        frames[0].pred_instances.keypoints[0, 5] += 100
        return frames

    keys = PoseTrackMetric.metric_keys(metrics=("AP",), hidden_joints=True)
    metrics = _evaluate(samples(), metrics="AP", hidden_joints=True)
    assert tuple(metrics) == keys
    # Of two hidden joints one is wrong; all scores of person 0 are equal in both frames, and the
    # wrong one comes first: precision 1/2 at the only hit, of two.
    assert metrics["posetrack/AP_hidden"] == 25
    assert metrics["posetrack/PCKh_hidden"] == 50
    assert metrics["posetrack/AP_seen"] == metrics["posetrack/PCKh_seen"] == 100
    plain = _evaluate(samples(), metrics="AP")
    assert plain == {name: value for name, value in metrics.items() if name in plain}
    with pytest.raises(ValueError, match="does not say of every person which joints are hidden"):
        _evaluate(samples(mark=False), hidden_joints=True)
    with pytest.raises(ValueError, match="needs 'AP'"):
        PoseTrackMetric(metrics="MOTA", hidden_joints=True)


def test_hidden_joints_need_no_mark_in_frames_without_people():
    frames = [finished_sample("000001", 0, 2), finished_sample("000001", 1, 2, people=0)]
    frames[0].gt_instances.keypoints_hidden = np.ones((2, 17), bool)
    metrics = _evaluate(frames, hidden_joints=True)
    assert metrics["posetrack/AP_hidden"] == 100
    assert np.isnan(metrics["posetrack/AP_seen"])
