"""Tracks of any skeleton: from poses to ids, figures and pictures."""

import numpy as np
import pytest
from mmengine.evaluator import Evaluator
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import MODELS

from mmpose_temporal.evaluation import PoseTrackMetric
from mmpose_temporal.structures import KEYPOINT_NAMES, POSETRACK18, Skeleton
from mmpose_temporal.testing import finished_video
from mmpose_temporal.visualization import PoseTrackVisualizer

TWELVE = dict(
    dataset_name="twelve",
    keypoint_id2name=dict(enumerate(KEYPOINT_NAMES[5:])),
    sigmas=[0.1] * 12,
    skeleton_links=[(0, 1), (6, 7)],
)
PARTS = dict(
    association=dict(type="Association", similarity=dict(type="OKSSimilarity")),
    suppression=[dict(type="BoxNMS"), dict(type="PoseNMS"), dict(type="OKSNMS")],
)


def metainfo(name: str) -> dict:
    if name == "twelve":
        return TWELVE
    return parse_pose_metainfo(dict(from_file=f"configs/_base_/datasets/{name}.py"))


def video(skeleton: Skeleton, *, told: bool = True) -> list:
    """Two people who walk, without ids, 200 pixels apart; ``told``: of which skeleton."""
    samples = finished_video(skeleton=skeleton, head_boxes=False)
    for index, sample in enumerate(samples):
        spread = np.arange(len(skeleton), dtype=np.float32)[:, None] * (3, 2)
        sample.gt_instances.keypoints += spread
        sample.pred_instances.keypoints += spread
        low = sample.pred_instances.keypoints.min(1)
        boxes = np.concatenate([low, low + 90], 1)
        sample.gt_instances.bboxes = sample.pred_instances.bboxes = boxes
        order = [1, 0] if index % 2 else [0, 1]
        sample.pred_instances = sample.pred_instances[order]
        del sample.pred_instances.track_ids
        if told:
            sample.set_metainfo(dict(skeleton=skeleton))
    return samples


@pytest.mark.filterwarnings("ignore:The metainfo config file")
@pytest.mark.parametrize(
    ("name", "count"),
    [("twelve", 12), ("coco", 17), ("halpe26", 26), ("coco_wholebody_hand", 21), ("ap10k", 17)],
)
def test_from_poses_to_figures_and_pictures(name, count):
    meta = metainfo(name)
    skeleton = Skeleton.from_metainfo(meta)
    assert len(skeleton) == count
    tracker = MODELS.build(dict(type="PoseOnlyTracker", **PARTS))
    answers = tracker.predict(None, video(skeleton))
    assert [a.pred_instances.track_ids.tolist() for a in answers] == [[0, 1], [1, 0]] * 2
    np.testing.assert_array_equal(tracker.association.similarity.sigmas, skeleton.sigmas)

    evaluator = Evaluator([PoseTrackMetric(protocol="strict")])
    evaluator.dataset_meta = meta
    evaluator.process(data_samples=answers)
    figures = evaluator.evaluate(len(answers))
    assert figures["posetrack/MOTA"] == figures["posetrack/AP"] == 100
    assert figures["posetrack/IDSW"] == 0

    style = dict(color_by="keypoint", draw_labels=False, line_width=1, radius=1)
    visualizer = PoseTrackVisualizer(**style)
    visualizer.set_dataset_meta(meta)
    drawn = visualizer.draw_frame(np.zeros((400, 600, 3), np.uint8), answers[0])
    colors = drawn.reshape(-1, 3).astype(int)
    for color in np.unique(skeleton.keypoint_colors, axis=0).astype(int):
        assert (abs(colors - color).max(1) <= 60).any()


def test_the_metainfo_of_a_config():
    tracker = MODELS.build(dict(type="PoseOnlyTracker", metainfo=TWELVE, **PARTS))
    skeleton = Skeleton.from_metainfo(TWELVE)
    answers = tracker.predict(None, video(skeleton, told=False))
    assert answers[1].pred_instances.track_ids.tolist() == [1, 0]
    with pytest.raises(ValueError, match="(?s)17 keypoints.*12.*left_shoulder"):
        tracker.predict(None, video(POSETRACK18, told=False))
    with pytest.raises(ValueError, match="from_file"):
        MODELS.build(dict(type="PoseOnlyTracker", metainfo=dict(name="x"), **PARTS))


def test_without_metainfo_the_data_are_posetracks():
    tracker = MODELS.build(dict(type="PoseOnlyTracker", **PARTS))
    with pytest.raises(ValueError, match="12 keypoints.*17 sigmas.*metainfo"):
        tracker.predict(None, video(Skeleton.from_metainfo(TWELVE), told=False))


def test_videos_of_two_layouts_at_once_are_refused():
    tracker = MODELS.build(dict(type="PoseOnlyTracker", **PARTS))
    twelve = Skeleton.from_metainfo(TWELVE)
    tracker.predict(None, video(POSETRACK18)[:1])
    with pytest.raises(ValueError, match="(?s)000001.*head_top.*End these videos"):
        tracker.predict(None, video(twelve)[:1])
    tracker.reset()
    assert tracker.predict(None, video(twelve))


@pytest.mark.parametrize(("name", "fits"), [("coco", True), ("twelve", True), ("ap10k", False)])
@pytest.mark.filterwarnings("ignore:The metainfo config file")
def test_the_shipped_matcher_finds_its_joints_by_name(name, fits):
    similarity = dict(
        type="TrackEntailment",
        checkpoint="shipped:track_entailment",
        network=dict(hidden=96, intermediate=192, num_layers=3, num_heads=4, dropout=0.0),
    )
    association = dict(type="Association", similarity=similarity, min_similarity=0.5)
    tracker = MODELS.build(dict(type="PoseOnlyTracker", association=association)).eval()
    skeleton = Skeleton.from_metainfo(metainfo(name))
    samples = video(skeleton)
    if not fits:
        with pytest.raises(ValueError, match="(?s)TrackEntailment.*left_hip.*ap10k.*L_F_Paw"):
            tracker.predict(None, samples)
        return
    answers = tracker.predict(None, samples)
    assert [a.pred_instances.track_ids.tolist() for a in answers] == [[0, 1], [1, 0]] * 2
