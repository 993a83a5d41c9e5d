"""What every registered similarity keeps of what the base class promises."""

import copy
import inspect
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models import Association
from mmpose_temporal.models.similarities import (
    CorrespondenceSimilarity,
    PairScores,
    Similarity,
)
from mmpose_temporal.structures import FramePacket, People, cat_rows, select_all
from mmpose_temporal.testing import (
    make_certain,
    make_packet,
    random_poses,
    textured_image,
    tiny_temporal_estimator_config,
)
from mmpose_temporal.testing.correspondences import color_network_config

SIZE = (320, 240)
NETWORK = dict(hidden=8, intermediate=8, num_layers=1, num_heads=1, dropout=0.0)

OPTIONS = {
    "ConvEntailment": [dict(channels=2), dict(channels=2, source="visual")],
    "CorrespondenceSimilarity": [dict(nominate=False), dict()],
    "GCNSimilarity": [
        dict(channels=(4,), embed_dims=4),
        dict(channels=(4,), embed_dims=4, min_iou=0.3, boxes="keypoints"),
    ],
    "IoUSimilarity": [dict(), dict(boxes="keypoints")],
    "PoseEntailment": [dict(network=NETWORK)],
    # The motion that all people have in common depends on who is there.
    "TrackEntailment": [dict(network=NETWORK, history=3, reach=99.0, use_common_motion=False)],
}
"""Small networks, and the ways in which a similarity can be set up; of others the defaults."""


ENCODER = make_certain(
    MODELS.build(dict(type="CorrespondenceEncoder", long_side=320, network=color_network_config()))
)
"""Of frames that all look alike, so that every joint is found again where it was."""

SCENERY = textured_image({"all": (0, 0, SIZE[0] - 1, SIZE[1] - 1)}, SIZE)


@MODELS.register_module()
class CorrespondencesInVideo(CorrespondenceSimilarity):
    """Takes up each frame when its people are embedded, and remembers all."""

    def __init__(self, **options):
        super().__init__(**options)
        self.scene, self.frames = {}, {}

    def embed(self, packet):
        known = dict(ticks=np.array([*self.frames], np.int64))
        super().advance(known if self.frames else None, packet, self.scene)
        self.frames[packet.tick] = self.scene["correspondences"].now
        return super().embed(packet)

    def pairwise(self, current, previous, pairs=None, scene=None):
        scene = self.scene if scene is None else scene
        if len(current["ticks"]) and scene is self.scene:
            scene["correspondences"].now = self.frames[int(current["ticks"][0])]
        return super().pairwise(current, previous, pairs, scene)


def scores_boxes(config: dict) -> bool:
    """Whether poses without joints are scored too, by their boxes or what is seen in them."""
    if config["type"] == "IoUSimilarity":
        return config.get("boxes", "detection") == "detection"
    return "min_iou" in config or config.get("source") == "visual"


def registered() -> list[str]:
    """Those of the package; tests and examples register others."""
    return sorted(
        name
        for name, kind in MODELS.module_dict.items()
        if inspect.isclass(kind)
        and issubclass(kind, Similarity)
        and not inspect.isabstract(kind)
        and kind.__module__.startswith("mmpose_temporal.")
    )


CASES = [
    dict(type=name, **options) for name in registered() for options in OPTIONS.get(name, [{}])
]


def case_id(config: dict) -> str:
    """The type, and the options that are words."""
    return "-".join(value for value in config.values() if isinstance(value, str))


every_similarity = pytest.mark.parametrize("config", CASES, ids=case_id)


def build(config: dict) -> Similarity:
    """With random weights, bound to a tracker whose estimator has the matching head it needs."""
    torch.manual_seed(0)
    if config["type"] == "CorrespondenceSimilarity":
        config = dict(config, type="CorrespondencesInVideo")
    similarity = MODELS.build(config).eval()
    for parameter in similarity.parameters():
        if parameter.ndim > 1:  # so large that scores differ
            torch.nn.init.normal_(parameter, std=0.3)
    head = getattr(similarity, "HEAD", None)
    estimator = None
    if head is not None:
        estimator = MODELS.build(tiny_temporal_estimator_config(matching=head.__name__)).eval()
    similarity.bind(SimpleNamespace(estimator=estimator, frame_encoder=ENCODER))
    return similarity


def packet(people: People, tick: int) -> FramePacket:
    """With all that a similarity may look at."""
    image = np.random.default_rng(tick).integers(0, 256, (*SIZE[::-1], 3), dtype=np.uint8)
    if "keypoint_features" not in people.extras:
        generator = torch.Generator().manual_seed(len(people))
        features = torch.randn(*people.keypoint_scores.shape, 8, generator=generator)
        people = people.with_extras(keypoint_features=features)
    frame = make_packet(people, tick=tick, image=SCENERY)
    frame.features = ENCODER.encode([frame])[0]
    frame.image = image
    return frame


def crowd(number: int, seed: int) -> People:
    """People around the same place, some of whose joints are absent."""
    poses = random_poses(number, seed=seed, size=(60, 60), absent=0.2)
    return poses.replace(keypoints=poses.keypoints + 80, boxes=poses.boxes + 80)


def frames(similarity: Similarity, now: int = 3, before: int = 4) -> tuple[dict, dict]:
    """Representations of the people of two frames that follow each other."""
    previous = similarity.embed(packet(crowd(before, 2), 0))
    return similarity.embed(packet(crowd(now, 1), 1)), previous


def forbidden(scores: PairScores) -> np.ndarray:
    """(M, N) bool: nothing says that the two are alike."""
    none = scores.total <= 0
    return none if scores.allowed is None else none | ~scores.allowed


def same(first: dict, second: dict) -> bool:
    return first.keys() == second.keys() and all(
        np.array_equal(np.asarray(first[name]), np.asarray(second[name])) for name in first
    )


def test_all_are_here():
    """So that a similarity that is not registered any more is missed."""
    assert {
        "BodyMatchingSimilarity",
        "FlowSimilarity",
        "KeypointMatchingSimilarity",
        "MotionOKSSimilarity",
        "OKSSimilarity",
        *OPTIONS,
    } <= set(registered())


@every_similarity
@pytest.mark.parametrize(("now", "before"), [(3, 4), (1, 1), (0, 3), (3, 0), (0, 0)])
def test_scores_have_the_shape_of_the_pairs(config, now, before):
    similarity = build(config)
    current, previous = frames(similarity, now, before)
    assert all(len(rows) == now for rows in current.values())
    assert all(len(rows) == before for rows in previous.values())
    scores = similarity.pairwise(current, previous)
    assert isinstance(scores, PairScores)
    arrays = [scores.total, *scores.parts.values()]
    assert all(array.shape == (now, before) for array in arrays)
    assert all(np.issubdtype(array.dtype, np.floating) for array in arrays)
    assert np.isfinite(scores.total).all()
    assert scores.allowed is None or (
        scores.allowed.shape == (now, before) and scores.allowed.dtype == bool
    )
    if now * before > 1:
        assert np.unique(scores.total).size > 1  # it does tell pairs apart


@every_similarity
@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (np.array([2, 0]), np.array([3, 1, 1])),
        (np.array([False, True, True]), np.array([True, False, False, True])),
        (slice(1, 2), slice(0, 0)),
    ],
    ids=["integers", "masks", "slices"],
)
def test_rows_that_are_kept_score_as_they_did_among_all(config, rows, columns):
    similarity = build(config)
    current, previous = frames(similarity)
    whole = similarity.pairwise(current, previous).total
    some = similarity.pairwise(select_all(current, rows), select_all(previous, columns)).total
    np.testing.assert_allclose(some, whole[rows][:, columns], rtol=1e-4, atol=1e-6)


@every_similarity
def test_rows_of_two_frames_stand_together(config):
    """As association remembers people not seen for a while, behind a frame without people too."""
    similarity = build(config)
    older, newer, nobody = (
        similarity.embed(packet(crowd(number, seed), tick))
        for number, seed, tick in ((2, 3, 0), (3, 4, 1), (0, 5, 1))
    )
    current = similarity.embed(packet(crowd(3, 1), 2))
    expected = [similarity.pairwise(current, rows).total for rows in (newer, older)]
    found = similarity.pairwise(current, cat_rows([newer, older])).total
    np.testing.assert_allclose(found, np.concatenate(expected, axis=1), rtol=1e-4, atol=1e-6)
    found = similarity.pairwise(current, cat_rows([nobody, older])).total
    np.testing.assert_allclose(found, expected[1], rtol=1e-4, atol=1e-6)


@every_similarity
def test_pairs_that_are_let_through_score_as_they_did_among_all(config):
    similarity = build(config)
    current, previous = frames(similarity)
    whole = similarity.pairwise(current, previous).total
    pairs = np.random.default_rng(0).uniform(size=whole.shape) < 0.5
    some = similarity.pairwise(current, previous, pairs).total
    assert some.shape == whole.shape
    np.testing.assert_allclose(some[pairs], whole[pairs], rtol=1e-4, atol=1e-6)
    assert similarity.pairwise(current, previous, pairs & False).total.shape == whole.shape


@every_similarity
@pytest.mark.parametrize("count", [0, 1])
def test_nobody_without_joints_or_with_one_of_many_continues_a_track(config, count):
    """Whatever the similarity says: the association asks for joints in common."""
    association = Association(similarity=config, min_similarity=1e-6)
    association.similarity = build(config)
    association.life.max_age, tracks = 1, association.start_video()
    people = crowd(3, 1)
    people = people.replace(keypoint_scores=np.ones_like(people.keypoint_scores))
    scores = people.keypoint_scores.copy()
    scores[1, count:] = 0
    part = people.replace(keypoint_scores=scores)
    first = association.step(tracks, packet(people, 0)).track_ids.tolist()
    again = association.step(tracks, packet(part, 1)).track_ids.tolist()
    assert first == [0, 1, 2]
    compares_boxes = not association.similarity.compares_joints
    assert (again[1] == 3) or (compares_boxes and count == 1)


@pytest.mark.parametrize("config", [case for case in CASES if not scores_boxes(case)], ids=case_id)
def test_a_pose_without_joints_matches_nobody(config):
    similarity = build(config)
    people = crowd(3, 1)
    scores = people.keypoint_scores.copy()
    scores[1] = 0
    lost = people.replace(keypoint_scores=scores)
    now, before, lost_now, lost_before = (
        similarity.embed(packet(poses, tick)) for poses in (people, lost) for tick in (1, 0)
    )
    assert not forbidden(similarity.pairwise(now, before))[1, 1]
    assert forbidden(similarity.pairwise(lost_now, before))[1].all()
    assert forbidden(similarity.pairwise(now, lost_before))[:, 1].all()
    assert forbidden(similarity.pairwise(lost_now, lost_before))[1, 1]  # nor one like itself


@every_similarity
def test_where_an_absent_joint_lies_changes_nothing(config):
    similarity, people = build(config), crowd(3, 1)
    absent = people.keypoint_scores == 0
    assert absent.any(1).all()
    elsewhere = people.keypoints.copy()
    elsewhere[absent] = 1e4, -50
    people = packet(people, 1).people  # with features
    other = people.extra("keypoint_features").clone()
    other[torch.from_numpy(absent)] = 7
    moved = people.replace(keypoints=elsewhere).with_extras(keypoint_features=other)
    previous = similarity.embed(packet(crowd(4, 2), 0))
    found = [
        similarity.pairwise(similarity.embed(packet(p, 1)), previous) for p in (people, moved)
    ]
    np.testing.assert_allclose(found[0].total, found[1].total, rtol=1e-5, atol=1e-7)


@every_similarity
def test_who_is_recognised_takes_the_past_along_and_changes_no_input(config):
    similarity = build(config)
    current, previous = frames(similarity)
    kept = copy.deepcopy((current, previous))
    after = similarity.extend(current, np.array([2, 0]), previous, np.array([1, 3]))
    assert same(current, kept[0]) and same(previous, kept[1])
    assert after.keys() == current.keys()
    assert all(len(rows) == 3 for rows in after.values())
    again = similarity.embed(packet(crowd(2, 6), 2))
    assert similarity.pairwise(again, after).total.shape == (2, 3)


@every_similarity
def test_people_are_brought_up_to_a_frame_as_the_same_rows(config):
    similarity, scene = build(config), {}
    first, second = packet(crowd(3, 1), 0), packet(crowd(2, 2), 1)
    assert similarity.advance(None, first, scene) is None
    rows = similarity.embed(first)
    kept = copy.deepcopy(rows)
    moved = similarity.advance(rows, second, scene)
    assert same(rows, kept)
    assert moved.keys() == rows.keys()
    assert all(len(values) == 3 for values in moved.values())


@every_similarity
def test_embedding_and_scoring_change_nothing_and_repeat(config):
    similarity, people = build(config), crowd(3, 1)
    kept = copy.deepcopy(people)
    frame = packet(people, 1)
    current, again = similarity.embed(frame), similarity.embed(frame)
    assert same(current, again)
    assert all(
        np.array_equal(getattr(people, name), getattr(kept, name))
        for name in ("keypoints", "keypoint_scores", "boxes", "box_scores", "track_ids")
    )
    previous = similarity.embed(packet(crowd(4, 2), 0))
    first = similarity.pairwise(current, previous).total
    assert same(current, again)
    np.testing.assert_array_equal(similarity.pairwise(current, previous).total, first)
