import numpy as np
import pytest

from mmpose_temporal.models import Association, IoUSimilarity
from mmpose_temporal.models.similarities import PairScores
from mmpose_temporal.testing import make_packet, random_poses


class Counting(IoUSimilarity):
    """Notes the order of the calls, and counts frames in the video's scene."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def advance(self, previous, packet, scene):
        scene["frames"] = scene.get("frames", 0) + 1
        remembered = None if previous is None else len(previous["boxes"])
        self.calls.append(("advance", packet.tick, remembered))
        return previous and {**previous, "boxes": previous["boxes"] + 1}

    def embed(self, packet):
        self.calls.append(("embed", packet.tick, len(packet.people)))
        return super().embed(packet)


def test_advance_comes_once_a_frame_before_the_people():
    association = Association(similarity=dict(type=Counting), life=dict(max_age=5))
    tracks, other = association.start_video(), association.start_video()
    people = random_poses(2, seed=0)
    for tick, poses in enumerate((people, people[:0], people)):
        association.step(tracks, make_packet(poses, tick=tick))
    association.step(other, make_packet(people))
    assert association.similarity.calls == [
        ("advance", 0, None),
        ("embed", 0, 2),
        ("advance", 1, 2),
        ("embed", 1, 0),
        ("advance", 2, 2),
        ("embed", 2, 2),
        ("advance", 0, None),
        ("embed", 0, 2),
    ]
    assert (tracks.scene, other.scene) == ({"frames": 3}, {"frames": 1})


def test_what_advance_answers_is_remembered():
    """Nobody is seen for two frames: their boxes have moved by 2 x 1 pixel."""
    association = Association(similarity=dict(type=Counting), life=dict(max_age=5))
    tracks, people = association.start_video(), random_poses(2, seed=0)
    for tick, poses in enumerate((people, people[:0], people[:0])):
        association.step(tracks, make_packet(poses, tick=tick))
    assert (tracks.representation["boxes"] == people.boxes + 1 + 1).all()


def test_by_default_nothing_moves():
    people, scene = random_poses(1, seed=0), {}
    rows = {"boxes": people.boxes}
    assert IoUSimilarity().advance(rows, make_packet(people), scene) is rows
    assert scene == {}


class Remembering(IoUSimilarity):
    """Keeps the ticks of a track's last three poses."""

    def embed(self, packet):
        ticks = np.full((len(packet.people), 3), -1)
        ticks[:, 0] = packet.tick
        return dict(super().embed(packet), ticks=ticks)

    def extend(self, current, rows, previous, columns):
        ticks = current["ticks"].copy()
        ticks[rows, 1:] = previous["ticks"][columns, :-1]
        return dict(current, ticks=ticks)


@pytest.mark.parametrize(
    "parts",
    [
        dict(life=dict(max_age=3)),
        dict(life=dict(type="ConfirmedLife", max_age=3)),
        dict(
            depth=dict(type="History", history=4),
            assignment=dict(type="GreedyAssignment"),
            min_similarity=0.5,
            life=dict(max_age=3),
        ),
    ],
    ids=["last pose", "confirmed life", "history"],
)
def test_people_who_are_recognised_take_their_past_along(parts):
    association = Association(similarity=dict(type=Remembering), **parts)
    tracks = association.start_video()
    people = random_poses(3, seed=0)
    for tick, seen in enumerate(([0, 1], [1], [2, 1, 0], [1])):
        found = association.step(tracks, make_packet(people[seen], tick=tick))
    assert found.track_ids.tolist() == [1]
    ticks = {}  # the newest row of each track
    for track, row in zip(tracks.ids[::-1], tracks.representation["ticks"][::-1], strict=True):
        ticks[int(track)] = row.tolist()
    assert ticks == {0: [2, 0, -1], 1: [3, 2, 1], 2: [2, -1, -1]}


def test_who_is_recognised_leaves_what_was_embedded_as_it_was():
    """Stages after association look at what was compared, not at what is remembered of it."""
    association = Association(similarity=dict(type=Remembering))
    tracks, people = association.start_video(), random_poses(1, seed=0)
    association.step(tracks, make_packet(people, tick=0))
    compared = association.step(tracks, make_packet(people, tick=1)).comparison
    assert compared.current["ticks"].tolist() == [[1, -1, -1]]
    assert compared.tracks.representation["ticks"].tolist() == [[0, -1, -1]]
    assert tracks.representation["ticks"].tolist() == [[1, 0, -1]]


def test_nothing_is_taken_along_where_nobody_is_recognised():
    class Failing(IoUSimilarity):
        def extend(self, *args):
            raise AssertionError

    association = Association(similarity=dict(type=Failing))
    tracks = association.start_video()
    for tick, count in enumerate((0, 2, 0, 0, 2)):
        association.step(tracks, make_packet(random_poses(count, seed=tick), tick=tick))
    assert tracks.next_id == 4


def test_by_default_the_people_are_remembered_as_they_were_embedded():
    current, previous = {"boxes": np.zeros((2, 4))}, {"boxes": np.ones((1, 4))}
    assert IoUSimilarity().extend(current, np.array([1]), previous, np.array([0])) is current
    assert not current["boxes"].any() and previous["boxes"].all()


def test_a_similarity_may_forbid_pairs():
    """Two people come in the other order; only the pairs in the first order are allowed."""

    class Forbidding(IoUSimilarity):
        def pairwise(self, current, previous, pairs=None, scene=None):
            scores = super().pairwise(current, previous, pairs)
            return PairScores(scores.total, allowed=np.eye(2, dtype=bool))

    people = random_poses(2, seed=0)
    for kind, expected in ((IoUSimilarity, [1, 0]), (Forbidding, [2, 3])):
        association = Association(similarity=dict(type=kind))
        tracks = association.start_video()
        association.step(tracks, make_packet(people))
        swapped = association.step(tracks, make_packet(people[[1, 0]], tick=1))
        assert swapped.track_ids.tolist() == expected


def test_a_similarity_answers_as_itself_alone():
    one, other = IoUSimilarity(), IoUSimilarity()
    assert one.same_as(one) and not one.same_as(other) and not one.same_as(None)
    assert one.ready and one.max_distance is None
