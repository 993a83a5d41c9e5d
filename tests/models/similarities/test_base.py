from mmpose_temporal.models import Association, IoUSimilarity
from mmpose_temporal.models.trackers import TrackMemory
from mmpose_temporal.testing import random_poses


class Counting(IoUSimilarity):
    """Notes the order of the calls, and counts frames in the video's scene."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def advance(self, previous, feats, scene):
        scene["frames"] = scene.get("frames", 0) + 1
        remembered = None if previous is None else len(previous["boxes"])
        self.calls.append(("advance", feats["time"], remembered))
        return previous and {"boxes": previous["boxes"] + 1}

    def embed(self, poses, feats=None):
        self.calls.append(("embed", feats["time"], len(poses)))
        return super().embed(poses, feats)


def test_advance_comes_once_a_frame_before_the_people():
    association = Association(similarity=dict(type=Counting), max_age=5)
    memory, other = TrackMemory(), TrackMemory()
    people = random_poses(2, seed=0)
    for time, poses in enumerate((people, people[:0], people)):
        association.step(memory, poses, time)
    association.step(other, people, 0)
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
    assert (memory.scene, other.scene) == ({"frames": 3}, {"frames": 1})


def test_what_advance_answers_is_remembered():
    """Nobody is seen for two frames: their boxes have moved by 2 x 1 pixel."""
    association = Association(similarity=dict(type=Counting), max_age=5)
    memory, people = TrackMemory(), random_poses(2, seed=0)
    for time, poses in enumerate((people, people[:0], people[:0])):
        association.step(memory, poses, time)
    assert (memory.representation["boxes"] == people.boxes + 1 + 1).all()


def test_by_default_nothing_moves():
    rows, scene = {"boxes": random_poses(1, seed=0).boxes}, {}
    assert IoUSimilarity().advance(rows, {}, scene) is rows
    assert scene == {}
