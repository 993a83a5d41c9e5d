"""The trackers whose state is saved and restored: of the covering combinations, and of configs."""

from functools import cache
from pathlib import Path

import mixing_cases as mixing
from mmengine.config import Config
from mmengine.model import BaseModel
from mmpose.registry import MODELS

from mmpose_temporal.structures import POSETRACK18, People, to_plain
from mmpose_temporal.testing import make_certain, textured_video, track_frames
from mmpose_temporal.testing.correspondences import color_network_config
from mmpose_temporal.testing.tracking import Frame

CONFIGS = Path(__file__).parents[3] / "configs"
SEEN = 11
"""Frames of two interleaved videos before the state is saved: six of one, five of the other."""


def config_trackers() -> dict[str, dict]:
    """The trackers of all configs, each once, by the first config that has it.

    Estimators and detectors take no part in the state, so all have the drawn one and its boxes;
    correspondences are those of colours.
    """
    found: dict[str, dict] = {}
    known: list[dict] = []
    for path in sorted(CONFIGS.rglob("*.py")):
        if "_base_" in path.parts:
            continue
        model = Config.fromfile(path).get("model", {})
        if model.get("type") not in ("PoseTracker", "PoseOnlyTracker"):
            continue
        model = model.to_dict()
        estimator = model.pop("estimator", None)
        for name in ("box_source", "cropper", "init_cfg", "data_preprocessor"):
            model.pop(name, None)
        head = ((estimator or {}).get("matching_head") or {}).get("type")
        model["matching_head"] = head or "KeypointMatchingHead"
        if encoder := model.get("frame_encoder"):
            refines = encoder["network"].get("refinement") is not None
            encoder.update(long_side=320, network=color_network_config(refinement=refines))
        if model not in known:
            known.append(model)
            found[path.relative_to(CONFIGS).with_suffix("").as_posix()] = model
    return found


def build_case(case: dict) -> BaseModel:
    """A tracker with the estimator of the drawn videos."""
    if "similarity" in case:
        return mixing.build(case)
    model = dict(case)
    head = model.pop("matching_head")
    if model["type"] == "PoseTracker":
        refinement = model.get("refinement") or {}
        model["estimator"] = mixing.estimator_of(
            model.get("memory"),
            matching_head=head,
            num_candidates=refinement.get("num_candidates", 16),
        )
        model["cropper"] = dict(type="TopdownCropper", input_size=(48, 64))
    tracker = MODELS.build(model).eval()
    return make_certain(tracker) if model.get("frame_encoder") else tracker


@cache
def cases() -> dict[str, dict]:
    """All of them, by name."""
    mixed = {
        f"mixing {i}": row
        for i, row in enumerate(mixing.COMBINATIONS[::4])
        if mixing.why_not(row) is None
        and not (row["assignment"] == "log odds" and row["similarity"] in mixing.NO_PROBABILITY)
    }
    return {**mixed, **config_trackers()}


def videos() -> list[Frame]:
    """Two drawn videos, frame by frame in turn; their poses are given for trackers of poses."""
    frames, hidden = mixing.story()
    pair = [textured_video(name, frames, hidden=hidden) for name in ("v", "w")]
    order = [frame for both in zip(*pair, strict=True) for frame in both]
    for _, sample in order:
        sample.set_metainfo(dict(skeleton=POSETRACK18))
        people = sample.gt_instances
        sample.pred_instances = People.create(
            keypoints=people.keypoints, boxes=people.bboxes
        ).to_instances()
    return order


def answers(tracker: BaseModel, frames: list[Frame]) -> dict:
    """What a tracker answers, as plain tensors, with the name and place of each frame."""
    found = track_frames(tracker, frames, batch_size=2)
    return to_plain(
        [(s.video_id, s.frame_index, s.pred_instances, dict(s.dropped)) for s in found]
    )
