"""CorrTrack's parts together in one tracker: what is computed once, states, and hard videos."""

from collections import Counter

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS, TASK_UTILS

from mmpose_temporal.models.correspondences import FrameEmbedding
from mmpose_temporal.structures import to_plain
from mmpose_temporal.testing import (
    color_network_config,
    make_certain,
    textured_video,
    track_frames,
)

A, B = np.array([40, 20, 63, 79]), np.array([160, 20, 183, 79])
C = np.array([240, 40, 263, 99])


def moved(box, x, y=0):
    return box + np.array([x, y, x, y])


def tracker(refinement=False, cropper=(48, 64), similarity=None, **options):
    """Recovery, similarity, duplicate removal and merging, as in configs/_base_/models."""
    model = dict(
        type="PoseTracker",
        estimator=dict(type="DrawnEstimator", matching_head=None),
        cropper=dict(type="TopdownCropper", input_size=cropper),
        frame_encoder=dict(
            type="CorrespondenceEncoder",
            network=color_network_config(refinement=refinement, distinct=True),
            long_side=320,
        ),
        propagation=dict(type="CorrespondencePropagation"),
        suppression=[dict(type="OKSNMS", oks_thr=0.7, min_covered=0)],
        association=dict(
            type="Association",
            similarity=similarity or dict(type="CorrespondenceSimilarity"),
            assignment=dict(type="GreedyAssignment"),
            min_similarity=0.2,
            min_shared=0,
            life=dict(max_age=1),
            births=[dict(type="DuplicateRemoval")],
        ),
        merging=dict(type="CorrespondenceMerging"),
    )
    return make_certain(MODELS.build({**model, **options}))


def ids(samples):
    return [sorted(sample.pred_instances.track_ids.tolist()) for sample in samples]


def story(length=6):
    """a walks 4 pixels a frame and is missed in frame 2; b stands; c is gone in the frames 2 and
    3 and is back 40 pixels to the right."""
    frames = []
    for t in range(length):
        people = {"a": moved(A, 4 * t), "b": B}
        if t < 2:
            people["c"] = C
        elif t >= 4:
            people["c"] = moved(C, 40)
        frames.append(people)
    return frames, [(2, "a")]


def video(name="v", **options):
    frames, hidden = story()
    return textured_video(name, frames, hidden=hidden, **options)


EXPECTED = [[0, 1, 2], [0, 1, 2], [0, 1], [0, 1], [0, 1, 2], [0, 1, 2]]


@pytest.mark.parametrize("refinement", [False, True])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_story(refinement, batch_size):
    """a is recovered in frame 2, and c's two tracks are one."""
    answers = track_frames(tracker(refinement), video(), batch_size=batch_size)
    assert ids(answers) == EXPECTED


def test_without_recovery_and_without_merging():
    """a's second track begins in frame 3, c's in frame 4."""
    model = tracker(propagation=None, merging=None)
    assert ids(track_frames(model, video())) == [
        [0, 1, 2],
        [0, 1, 2],
        [1],
        [1, 3],
        [1, 3, 4],
        [1, 3, 4],
    ]


# ---- what is computed once


def watched(model):
    """Frames that the embedding saw, and the poses and pairs of frames that were refined, by the
    number of times."""
    network, embedded, poses, pairs = model.frame_encoder.network, [], Counter(), Counter()
    network.embedding.register_forward_hook(
        lambda _, inputs, out: embedded.extend(hash(i.numpy().tobytes()) for i in inputs[0])
    )
    refinement = network.refinement
    shared = refinement.shared

    def noted(source, target):
        pairs[hash(source.numpy().tobytes()), hash(target.numpy().tobytes())] += 1
        return shared(source, target)

    def note(_, inputs):
        part, owners, maps = inputs
        for owner, each in zip(owners.tolist(), maps, strict=True):
            poses[hash(part[owner].numpy().tobytes()), hash(each.numpy().tobytes())] += 1

    refinement.shared = noted
    refinement.register_forward_pre_hook(note)
    return embedded, poses, pairs


@pytest.mark.parametrize("batch_size", [1, 3])
def test_every_frame_is_embedded_once_whoever_asks(batch_size):
    """Recovery, similarity and merging all look at it; merging keeps single precision here, to
    ask for the same pairs of frames as the other two."""
    model = tracker(True, merging=dict(type="CorrespondenceMerging", dtype="float32"))
    embedded, _, pairs = watched(model)
    assert ids(track_frames(model, video(), batch_size=batch_size)) == EXPECTED
    assert len(embedded) == 6
    assert model.frame_encoder.network.embedding.backbone.seen == 6
    # 5 pairs of neighbours, and of merging the frames 0 and 1 of c's first track with frame 4
    assert len(pairs) == 7
    assert set(pairs.values()) == {1}


def test_every_pose_is_refined_once_per_pair_of_frames():
    """Recovery and similarity share: 3 + 3 + 2 + 2 + 3 poses are carried into the next frame."""
    model = tracker(True, merging=None)
    _, poses, pairs = watched(model)
    track_frames(model, video())
    assert sum(pairs.values()) == 5
    assert sum(poses.values()) == 3 + 3 + 2 + 2 + 3


def test_the_similarity_alone_and_the_recovery_alone():
    """Other similarities: recovery alone asks for the same poses."""
    counts = []
    for options in (
        dict(propagation=None),
        dict(similarity=dict(type="OKSSimilarity")),
    ):
        model = tracker(True, merging=None, **options)
        _, poses, pairs = watched(model)
        track_frames(model, textured_video("v", [{"a": A, "b": B}] * 4))
        counts.append((sum(poses.values()), sum(pairs.values())))
    assert counts == [(6, 3), (6, 3)]


@pytest.mark.parametrize("similarity", ["OKSSimilarity", "IoUSimilarity", "MotionOKSSimilarity"])
def test_with_other_similarities(similarity):
    model = tracker(similarity=dict(type=similarity))
    assert ids(track_frames(model, video())) == EXPECTED


# ---- states


def answers(samples):
    return to_plain(
        [(s.video_id, s.frame_index, s.pred_instances, dict(s.dropped)) for s in samples]
    )


def same(one, two):
    if isinstance(one, torch.Tensor):
        return torch.equal(one, two)
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[k], two[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(same, one, two))
    return one == two


@pytest.mark.parametrize(("seen", "refinement"), [(1, False), (3, True), (5, False)])
def test_a_video_goes_on_in_another_process(tmp_path, seen, refinement):
    """Saved after 1, 3 or 5 of 6 frames, read as plain tensors by another tracker."""
    whole = answers(track_frames(tracker(refinement), video()))
    first = tracker(refinement)
    before = track_frames(first, video()[:seen])
    torch.save(first.pipeline.state_dict(), tmp_path / "state.pth")
    second = tracker(refinement)
    second.pipeline.load_state_dict(torch.load(tmp_path / "state.pth", weights_only=True))
    found = answers(before + track_frames(second, video()[seen:]))
    assert same(found, whole)


def test_two_videos_in_turn():
    """Neither sees the other's frames."""
    pairs = zip(video("v"), video("w"), strict=True)
    found = track_frames(tracker(), [frame for pair in pairs for frame in pair], batch_size=4)
    for name in ("v", "w"):
        assert ids([s for s in found if s.video_id == name]) == EXPECTED


def embeddings(value, seen=None):
    """The embeddings in a state, each once."""
    seen = {} if seen is None else seen
    if isinstance(value, FrameEmbedding):
        seen[id(value)] = value
    elif isinstance(value, dict):
        for item in value.values():
            embeddings(item, seen)
    elif isinstance(value, list | tuple):
        for item in value:
            embeddings(item, seen)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            embeddings(getattr(value, name), seen)
    return seen


def test_a_long_video_keeps_few_frames():
    """The last two, and at most four for each of two tracks; without merging the two alone."""
    for merging, most in ((dict(type="CorrespondenceMerging"), 2 + 8), (None, 2)):
        model = tracker(merging=merging)
        frames = textured_video("v", [{"a": A, "b": B}] * 12, num_frames=None)
        track_frames(model, frames, batch_size=4)
        state = model.pipeline.videos["v"].parts
        assert len(embeddings(dict(state))) <= most


# ---- hard videos


def test_an_unreadable_frame_between():
    """Tracks do not age in it, and poses are carried over it."""
    model = tracker()
    found = ids(track_frames(model, video(unreadable=[1])))
    assert found == [EXPECTED[0], [], *EXPECTED[2:]]


def test_a_frame_of_another_size():
    """From frame 2 on less of the ground is seen below the people."""
    frames = [{"a": moved(A, 4 * t), "b": B} for t in range(4)]
    sizes = [(320, 128), (320, 128), (320, 96), (320, 160)]
    video = []
    for t, size in enumerate(sizes):
        video.append(textured_video("v", frames, size=size, hidden=[(2, "a")])[t])
    assert ids(track_frames(tracker(), video)) == [[0, 1]] * 4


def test_nobody_is_continued_over_a_cut():
    """Other people at other places in another scene: no id goes on, and nobody is merged."""
    scene, other = {"a": A, "b": B}, {"c": moved(A, 40, 20), "d": moved(B, 60, 20)}
    grounds = [40, 40, 150, 150]
    frames = textured_video("v", [scene] * 2 + [{}] * 2, grounds=grounds)
    assert ids(track_frames(tracker(), frames)) == [[0, 1], [0, 1], [], []]
    frames = textured_video("v", [scene] * 2 + [other] * 2, grounds=grounds)
    model = tracker(propagation=None)
    assert ids(track_frames(model, frames)) == [[0, 1], [0, 1], [2, 3], [2, 3]]


def test_a_person_cut_by_the_border():
    """a walks in from the left: half of them is to be seen in frame 0, all in frame 3. In frame 2
    nobody detects them."""
    frames = [{"a": np.array([-12 + 4 * t, 20, 11 + 4 * t, 79]), "b": B} for t in range(5)]
    found = track_frames(tracker(), textured_video("v", frames, hidden=[(2, "a")]))
    assert ids(found) == [[0, 1]] * 5


def test_more_than_a_hundred_people():
    """All of them go on, among them thirty who are missed in frame 1."""
    places = [(x, y) for x in range(8, 600, 24) for y in range(4, 160, 32)]
    boxes = {str(i): np.array([x, y, x + 11, y + 23]) for i, (x, y) in enumerate(places)}
    assert len(boxes) == 125
    hidden = [(1, str(i)) for i in range(0, 120, 4)]
    model = tracker(cropper=(24, 32), merging=None)
    model.frame_encoder.long_side = 640
    frames = textured_video("v", [boxes] * 2, hidden=hidden, size=(640, 192))
    first, second = track_frames(model, frames)
    assert ids([first]) == [list(range(125))]
    again = set(second.pred_instances.track_ids.tolist())
    assert len(again & set(range(125))) >= 120


def test_a_video_without_anybody():
    assert ids(track_frames(tracker(), textured_video("v", [{}] * 3))) == [[], [], []]


@pytest.mark.parametrize("births", [[dict(type="DuplicateRemoval")], []])
def test_a_second_detection_of_a_person_is_a_duplicate(births):
    """Without pose NMS: from frame 1 on a second box shows the same person."""
    frames = textured_video("v", [{"a": A, "b": B}] * 3)
    for _, sample in frames[1:]:
        boxes = np.concatenate([sample.proposals.bboxes, np.float32([moved(A, 3, 3)])])
        scores = np.ones(len(boxes), np.float32)
        sample.proposals = type(sample.proposals)(bboxes=boxes, bbox_scores=scores)
    model = tracker(suppression=[], propagation=None, merging=None)
    model.association.births[:] = [TASK_UTILS.build(part) for part in births]
    found = track_frames(model, frames)
    assert ids(found) == ([[0, 1]] * 3 if births else [[0, 1], [0, 1, 2], [0, 1, 2]])
    assert [s.dropped.get("duplicate", 0) for s in found] == ([0, 1, 1] if births else [0] * 3)
