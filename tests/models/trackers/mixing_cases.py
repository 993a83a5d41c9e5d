"""Combinations of parts in which every pair of parts is somewhere, and a video for them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, product
from types import SimpleNamespace
from typing import Any

import numpy as np
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch.nn import functional

from mmpose_temporal.models.parts import FrameEncoder
from mmpose_temporal.models.pose_estimators import EstimatedCrops
from mmpose_temporal.models.trackers import Memory, TrackMerging
from mmpose_temporal.structures import CallbackObserver, plain_state
from mmpose_temporal.testing import DrawnEstimator, make_certain, textured_video, track_frames
from mmpose_temporal.testing.correspondences import CELL, color_network_config

NETWORK = dict(num_layers=1, hidden=16, intermediate=16, num_heads=2)

SIMILARITIES = {
    "iou": dict(type="IoUSimilarity"),
    "oks": dict(type="OKSSimilarity"),
    "flow": dict(type="FlowSimilarity", preset="ultrafast"),
    "pose entailment": dict(type="PoseEntailment", network=NETWORK),
    "track entailment": dict(
        type="TrackEntailment",
        checkpoint="shipped:track_entailment",
        network=dict(hidden=96, intermediate=192, num_layers=3, num_heads=4, dropout=0.0),
    ),
    "motion": dict(type="MotionOKSSimilarity"),
    "gcn": dict(type="GCNSimilarity", channels=(8, 8), embed_dims=8),
    "dots": dict(
        type="ConvEntailment", source="keypoints", resolution=(24, 18), channels=4, hidden=8
    ),
    "crops": dict(
        type="ConvEntailment", source="visual", resolution=(24, 18), channels=4, hidden=8
    ),
    "tkm": dict(type="KeypointMatchingSimilarity"),
    "tbm": dict(type="BodyMatchingSimilarity"),
    "correspondences": dict(type="CorrespondenceSimilarity"),
}
NO_PROBABILITY = ("tkm", "correspondences")
"""Similarities whose scores go beyond 1."""

DEPTHS = {
    "last": dict(type="LastPose"),
    "history": dict(type="History", history=4),
    "nearest": dict(type="History", history=3, nearest=2),
}
LIVES = {
    "plain": dict(type="TrackLife", max_age=3),
    "confirmed": dict(type="ConfirmedLife", confirm_length=3, tentative_age=2, max_age=3),
}
ASSIGNMENTS = {
    "hungarian": dict(type="HungarianAssignment"),
    "greedy": dict(type="GreedyAssignment"),
    "log odds": dict(type="LogOddsAssignment", chance=1e-9),
}
PROPAGATIONS = {
    "none": None,
    "toks": dict(type="TemporalOKS"),
    "boxes": dict(type="BoxPropagation"),
    "correspondences": dict(type="CorrespondencePropagation", corr_thr=0.9, min_found=14),
}
REFINEMENTS = {
    "none": None,
    "context": dict(type="TemporalRefinement", tau=2, num_candidates=2),
    "self": dict(type="TemporalRefinement", num_candidates=2, context=False),
}
ENDS = {
    "all": dict(),
    "long": dict(min_length=3),
    "merging": dict(merging=dict(type="MergeByPlace"), min_length=2),
    "merging all": dict(merging=dict(type="MergeByPlace"), output_keypoint_thr=0.5),
    "merging similar": dict(
        merging=dict(type="SimilarityMerging", similarity=dict(type="MotionOKSSimilarity")),
        min_length=2,
    ),
    "merging seen": dict(merging=dict(type="CorrespondenceMerging", min_poses=2), min_length=2),
}
BIRTHS = {
    "all": [],
    "sure, no duplicates": [
        dict(type="ScoreBirths", new_track_thr=0.5),
        dict(type="DuplicateRemoval"),
    ],
}
EXTRAS = {
    "none": dict(),
    "encoder and memory": dict(
        frame_encoder=dict(type="MeanColor"), memory=dict(type="LastMeanColor")
    ),
    "memory of boxes": dict(memory=dict(type="PersonMemory", max_age=3)),
    "memory of tracks": dict(
        memory=dict(type="PersonMemory", follow="tracks", dtype="float16", max_age=3)
    ),
}
STREAMS = {"one": 1, "two": 2}
FACTORS = dict(
    similarity=SIMILARITIES,
    depth=DEPTHS,
    life=LIVES,
    assignment=ASSIGNMENTS,
    propagation=PROPAGATIONS,
    refinement=REFINEMENTS,
    end=ENDS,
    births=BIRTHS,
    extras=EXTRAS,
    streams=STREAMS,
)


def covering(factors: dict[str, dict]) -> Iterator[dict[str, str]]:
    """Combinations in which every pair of values of two factors is somewhere.

    Each takes, factor by factor, the value that adds most pairs not seen yet.
    """
    names = list(factors)
    open_pairs = {
        ((a, x), (b, y))
        for a, b in combinations(names, 2)
        for x, y in product(factors[a], factors[b])
    }
    while open_pairs:
        (a, x), (b, y) = min(open_pairs)
        row = {a: x, b: y}
        for name in names:
            if name not in row:
                row[name] = max(
                    factors[name],
                    key=lambda value: sum(
                        tuple(sorted([(other, row[other]), (name, value)], key=_order))
                        in open_pairs
                        for other in row
                    ),
                )
        open_pairs -= set(combinations([(name, row[name]) for name in names], 2))
        yield {name: row[name] for name in names}


def _order(item: tuple[str, str]) -> int:
    return list(FACTORS).index(item[0])


COMBINATIONS = list(covering(FACTORS))


@plain_state
@dataclass(slots=True, eq=False)
class Places:
    """First and last frame and place of each track."""

    tracks: dict = field(default_factory=dict)


@MODELS.register_module()
class MergeByPlace(TrackMerging):
    """Joins a track that begins within 10 pixels of where an earlier one ended."""

    def start_video(self):
        return Places()

    def observe(self, state, packet):
        for track, box in zip(packet.people.track_ids.tolist(), packet.people.boxes, strict=True):
            center = ((box[:2] + box[2:]) / 2).tolist()
            first = state.tracks.get(track, [packet.index, center])[:2]
            state.tracks[track] = [*first, packet.index, center]

    def finish(self, state):
        merged = {}
        for new, (begin, start, *_) in sorted(state.tracks.items()):
            for old, (_, _, end, stop) in sorted(state.tracks.items()):
                apart = np.hypot(start[0] - stop[0], start[1] - stop[1])
                if end < begin and apart < 10 and old not in merged.values():
                    merged[new] = merged.get(old, old)
                    break
        return merged


@MODELS.register_module()
class MeanColor(BaseModule, FrameEncoder):
    """Mean value of a frame; keeps which frames it saw."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def encode(self, packets):
        self.seen.append([(p.video_id, p.index) for p in packets])
        return [dict(mean=float(p.image.mean())) for p in packets]


@MODELS.register_module()
class LastMeanColor(Memory):
    """Remembers the mean value of the frame that each track was last seen in."""

    needs_frame_encoder = True

    def start_video(self):
        return {}

    def attach(self, state, packet, candidates, track_ids, crops):
        assert "mean" in packet.features
        for sample, track in zip(crops, track_ids.tolist(), strict=True):
            sample.set_metainfo(dict(memory=state.get(track)))
            assert track == -1 or sample.memory is not None

    def observe(self, state, packet):
        for track in packet.people.track_ids.tolist():
            state[track] = packet.features["mean"]


@MODELS.register_module()
class RememberingEstimator(DrawnEstimator):
    """The drawn estimator with PTM's memory, on features that its poses do not depend on."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.head.out_channels, self.with_head, self.test_cfg = 17, True, {}
        self.head.decoder = SimpleNamespace(heatmap_size=(6, 8), blur_kernel_size=1)
        memory = dict(type="PoseTemporalMemory", capacity=3, num_heads=1, heatmap_thr=0)
        self.neck = MODELS.build(dict(memory, in_channels=3, embed_channels=3))
        self.neck.bind(self)
        self.neck.ready = True
        self.describers.append(MODELS.build(dict(type="MemoryDescriber")))
        self.describers[-1].bind(self)

    def forward(self, inputs, data_samples, mode="predict"):
        features = functional.adaptive_avg_pool2d(inputs / 255.0, (8, 6))
        (features,) = self.neck((features,), samples=data_samples)
        found = super().forward(inputs, data_samples, mode)
        heatmaps = features.mean(1, keepdim=True).expand(-1, 17, -1, -1)
        instances = [sample.pred_instances for sample in found]
        crops = EstimatedCrops((features,), None, heatmaps, instances, data_samples)
        for name, rows in self.describers[-1].describe(crops).items():
            for instance, row in zip(instances, rows, strict=True):
                instance.set_field(row[None], name)
        return found


def estimator_of(memory: dict | None, **options: Any) -> dict:
    """Config of the drawn estimator, with a memory if the tracker stores one."""
    remembers = (memory or {}).get("type") == "PersonMemory"
    return dict(type=RememberingEstimator if remembers else DrawnEstimator, **options)


def box(x: int, y: int, t: int) -> list[int]:
    """Of a person of 24 x 60 pixels who walks to the right, a cell of 4 pixels per frame."""
    return [x + CELL * t, y, x + CELL * t + 23, y + 59]


def story() -> tuple[list[dict[str, list[int]]], list[tuple[int, str]]]:
    """Ten frames.

    a is there all along; b is not detected in frame 3; c is there in frame 2 alone; d comes in
    frame 5 and stays; e is there in frames 0 and 1, and comes back to the same place in frame 7.
    """
    frames = []
    for t in range(10):
        people = {"a": box(12, 20, t), "b": box(80, 32, t)}
        if t == 2:
            people["c"] = box(148, 8, 2)
        if t >= 5:
            people["d"] = box(192, 40, t)
        if t < 2 or t >= 7:
            people["e"] = box(292, 20, 0)
        frames.append(people)
    return frames, [(3, "b")]


def expected_ids(names: dict[str, str]) -> list[dict[str, int]]:
    """Who is reported in each frame, and as whom.

    Detections come in the order of the names, so in frame 0 a, b and e get 0, 1 and 2. c gets 3
    in frame 2, d gets 4 in frame 5. Three frames is the oldest track that is looked for, so the e
    of frame 7 is somebody new, 5, unless merging knows the place.
    """
    end, moved = names["end"], names["propagation"] != "none"
    ids = dict(a=0, b=1, e=2, c=3, d=4)
    frames, hidden = story()
    answer = []
    for t, people in enumerate(frames):
        there = {}
        for person in people:
            if (t, person) in hidden and not moved:
                continue
            if person == "c" and end != "all" and end != "merging all":
                continue  # one pose is less than 3, or 2
            if person == "e" and t < 2 and end == "long":
                continue  # two poses are less than 3
            late = person == "e" and t >= 7 and not end.startswith("merging")
            there[person] = 5 if late else ids[person]
        answer.append(there)
    return answer


def compares_frames(names: dict[str, str]) -> bool:
    """Whether a part needs correspondences."""
    return (
        "correspondences" in (names["similarity"], names["propagation"])
        or names["end"] == "merging seen"
    )


def frame_encoder(names: dict[str, str]) -> dict:
    """What the parts need, and nothing else."""
    if not compares_frames(names):
        return {}
    return dict(
        frame_encoder=dict(
            type="CorrespondenceEncoder", long_side=320, network=color_network_config()
        )
    )


def build(names: dict[str, str]) -> BaseModule:
    """The tracker of a combination."""
    similarity = SIMILARITIES[names["similarity"]]
    head = "BodyMatchingHead" if names["similarity"] == "tbm" else "KeypointMatchingHead"
    tracker = MODELS.build(
        dict(
            type="PoseTracker",
            estimator=estimator_of(EXTRAS[names["extras"]].get("memory"), matching_head=head),
            cropper=dict(type="TopdownCropper", input_size=(48, 64)),
            association=dict(
                type="Association",
                similarity=similarity,
                gates=[dict(type="IoUGate", min_iou=0.1)],
                min_similarity=1e-9,
                depth=DEPTHS[names["depth"]],
                life=LIVES[names["life"]],
                assignment=ASSIGNMENTS[names["assignment"]],
                births=BIRTHS[names["births"]],
            ),
            propagation=PROPAGATIONS[names["propagation"]],
            refinement=REFINEMENTS[names["refinement"]],
            **{**frame_encoder(names), **ENDS[names["end"]], **EXTRAS[names["extras"]]},
        )
    ).eval()
    return make_certain(tracker) if compares_frames(names) else tracker


def why_not(names: dict[str, str]) -> str | None:
    """A word of the reason for which two parts do not fit each other; None: they do."""
    if names["similarity"] == "tbm" and names["refinement"] == "context":
        return "KeypointMatchingHead"
    if compares_frames(names) and "frame_encoder" in EXTRAS[names["extras"]]:
        return "CorrespondenceEncoder"  # the tracker has another
    return None


def note_reads(packet, read: dict) -> None:
    """The frames of the entries that the people of a frame read, by video and frame."""
    if "memory" in packet.records:
        entries = packet.records["memory"].entry_frames.tolist()
        read[packet.video_id, packet.index] = {
            tuple(frame for frame in row if frame >= 0) for row in entries
        }


def run(names: dict[str, str]) -> dict[str, list]:
    """The answers to two videos with the same story, by video."""
    frames, hidden = story()
    videos = {name: textured_video(name, frames, hidden=hidden) for name in ("v", "w")}
    tracker, streams = build(names), STREAMS[names["streams"]]
    if streams == 2:
        order = [frame for pair in zip(*videos.values(), strict=True) for frame in pair]
    else:
        order = [frame for video in videos.values() for frame in video]
    read: dict[tuple[str, int], set[tuple[int, ...]]] = {}
    tracker.observers.append(CallbackObserver(finished=lambda packet: note_reads(packet, read)))
    answers = track_frames(tracker, order, batch_size=4)
    assert tracker.pipeline.open_videos() == []
    if "of" in names["extras"]:
        for (video, t), entries in read.items():  # person a is there in every frame
            assert tuple(range(max(t - 3, 0), t)) in entries, (video, t)
        assert len(read) == 20
    if compares_frames(names):
        assert tracker.frame_encoder.network.embedding.backbone.seen == 20
    elif tracker.frame_encoder is not None:
        seen = [frame for call in tracker.frame_encoder.seen for frame in call]
        assert sorted(seen) == sorted((v, t) for v in videos for t in range(10))
    return {name: [s for s in answers if s.video_id == name] for name in videos}
