import pytest
from mmpose.registry import MODELS

from mmpose_temporal.models.trackers.mmpose_settings import refuse_settings, with_settings
from mmpose_temporal.testing import tiny_tracker_config

OKS = dict(type="Association", similarity=dict(type="OKSSimilarity"), min_similarity=0.1)


def test_settings_replace_those_of_the_estimator():
    estimator = dict(type="A", backbone=dict(depth=18, frozen=1), test_cfg=None)
    settings = dict(backbone=dict(frozen=2), test_cfg=dict(flip_test=True), train_cfg=None)
    changed = with_settings(estimator, settings)
    assert changed == dict(
        type="A", backbone=dict(depth=18, frozen=2), test_cfg=dict(flip_test=True)
    )
    assert estimator["backbone"] == dict(depth=18, frozen=1)


def test_empty_settings_change_nothing():
    estimator = dict(type="A")
    assert with_settings(estimator, dict(backbone={}, train_cfg=None, test_cfg={})) == estimator


def test_settings_of_a_backbone_that_is_not_there():
    with pytest.raises(ValueError, match=r"backbone=\{'depth': 50\}: the estimator A has none"):
        with_settings(dict(type="A"), dict(backbone=dict(depth=50)))


def test_a_tracker_builds_with_the_changed_estimator():
    tracker = MODELS.build(
        tiny_tracker_config(
            backbone=dict(frozen_stages=1),
            train_cfg=dict(note=1),
            test_cfg=dict(output_heatmaps=True),
        )
    )
    assert tracker.estimator.backbone.frozen_stages == 1
    assert tracker.estimator.train_cfg == dict(note=1)
    assert tracker.test_cfg is tracker.estimator.test_cfg
    assert tracker.test_cfg["output_heatmaps"] and not tracker.test_cfg["flip_test"]


@pytest.mark.parametrize("name", ["backbone", "train_cfg", "test_cfg"])
def test_a_tracker_of_known_poses_has_nothing_to_set(name):
    assert refuse_settings({name: None, "min_length": 2}) == dict(min_length=2)
    tracker = MODELS.build(dict(type="PoseOnlyTracker", association=OKS, **{name: {}}))
    with pytest.raises(TypeError, match=rf"^{name}: PoseOnlyTracker gives ids to known poses"):
        MODELS.build(dict(type="PoseOnlyTracker", association=OKS, **{name: dict(depth=50)}))
    with pytest.raises(TypeError, match=r"tools/track_poses\.py"):
        tracker.cfg = {}
    assert not hasattr(tracker, "cfg")
