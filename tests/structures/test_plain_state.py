"""State goes through torch's safe files and comes back with its classes, values and kinds."""

from collections import Counter, defaultdict, deque, namedtuple
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_temporal.structures import (
    FramePacket,
    People,
    from_plain,
    plain_state,
    to_plain,
)
from mmpose_temporal.testing import make_packet, random_poses


@plain_state
@dataclass(slots=True, eq=False)
class KeptByATest:
    """State of a part."""

    rows: dict = field(default_factory=dict)
    inner: object = None


def through_a_file(value, folder):
    """Written by torch.save and read by torch's loader of data that is not trusted."""
    torch.save(to_plain(value), folder / "state.pth")
    return from_plain(torch.load(folder / "state.pth", weights_only=True))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        0.1,
        "text",
        [],
        [1, [2, "x"]],
        (1, (2.5, None)),
        {},
        {"a": 1, 3: "b", (1, 2): [4]},
        deque([1, 2]),
        Counter(a=2, b=1),
    ],
)
def test_plain_values_keep_value_and_type(value, tmp_path):
    found = through_a_file(value, tmp_path)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("kind", ["bool", "uint8", "int64", "float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_arrays_keep_type_and_shape(kind, shape, tmp_path):
    value = np.arange(np.prod(shape)).reshape(shape).astype(kind)
    found = through_a_file([value, value.T, value[::2] if shape else value], tmp_path)
    for one, other in zip(found, [value, value.T, value[::2] if shape else value], strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("value", [np.float32(0.1), np.int64(7), np.bool_(True)])
def test_numpys_numbers_stay_numpys(value, tmp_path):
    found = through_a_file(value, tmp_path)
    assert found == value and type(found) is type(value)


def test_tensors_are_cut_off_from_their_graph(tmp_path):
    value = torch.randn(2, 3, requires_grad=True) * 2
    found = through_a_file(value, tmp_path)
    assert torch.equal(found, value)
    assert not found.requires_grad


def test_tensors_of_the_model_go_where_the_model_is():
    """Those of the processor stay there; `meta` is the device that every machine has."""
    saved = to_plain([torch.zeros(2), torch.zeros(2)])
    saved["value"][0]["device"] = "model"
    moved, stays = from_plain(saved, "meta")
    assert (moved.device.type, stays.device.type) == ("meta", "cpu")


def test_registered_classes_come_back_whole(tmp_path):
    inner = KeptByATest(rows={"x": torch.ones(2)})
    found = through_a_file(KeptByATest(rows={5: np.arange(3)}, inner=inner), tmp_path)
    assert type(found) is type(found.inner) is KeptByATest
    assert found.rows[5].tolist() == [0, 1, 2]
    assert found.inner.rows["x"].tolist() == [1, 1]


def test_a_frame_with_its_people_comes_back(tmp_path):
    people = random_poses(2, seed=0).with_extras(unseen=np.array([0, 3]))
    packet = make_packet(people, tick=4, index=6, frame_size=(64, 48), watched=True, fps=25.0)
    packet.dropped["suppression"] += 2
    packet.sample.gt_instances = InstanceData(bboxes=np.ones((1, 4)))
    found = through_a_file(packet, tmp_path)
    assert type(found) is FramePacket and type(found.people) is People
    assert (found.index, found.tick, found.frame_size) == (6, 4, (64, 48))
    assert found.dropped == Counter(suppression=2) and found.records == {}
    np.testing.assert_array_equal(found.people.keypoints, people.keypoints)
    assert found.people.extras["unseen"].tolist() == [0, 3]
    assert type(found.sample) is PoseDataSample
    assert found.sample.metainfo == packet.sample.metainfo
    assert found.sample.gt_instances.bboxes.tolist() == [[1, 1, 1, 1]]


class Stranger:
    """No part of any state."""


@dataclass
class StrangeDataclass:
    x: int = 0


@pytest.mark.parametrize(
    "value", [Stranger(), StrangeDataclass(), {1, 2}, b"bytes", np.array(["text"]), print]
)
def test_what_is_not_registered_is_refused_with_its_place(value):
    state = KeptByATest(rows={"x": [0, (1, value)]})
    with pytest.raises(TypeError, match=r"state\.rows\['x'\]\[1\]\[1\]: "):
        to_plain(state)


def test_a_class_of_the_same_name_is_no_state():
    inside = {"__annotations__": {"rows": dict}, "__module__": "elsewhere"}
    other = dataclass(type("KeptByATest", (), inside))
    with pytest.raises(TypeError, match="KeptByATest"):
        to_plain(other(rows={}))
    with pytest.raises(TypeError, match="KeptByATest is registered already"):
        plain_state(other)
    assert type(from_plain(to_plain(KeptByATest()))) is KeptByATest


def test_only_dataclasses_are_registered():
    with pytest.raises(TypeError, match="Stranger is no dataclass"):
        plain_state(Stranger)
    assert plain_state(KeptByATest) is KeptByATest  # again: nothing happens


@pytest.mark.parametrize(
    ("saved", "word"),
    [
        ({"__kind__": "Stranger", "value": {}}, "Stranger"),
        ({"__kind__": "builtins.eval", "value": {}}, "builtins.eval"),
        ({"__kind__": "tensor", "value": [1]}, "tensor"),
        ({"__kind__": "array", "value": None}, "array"),
        ({"value": 3}, "dict"),
        ([1, 2], "list"),
        (torch.zeros(2), "Tensor"),
    ],
)
def test_what_is_no_saved_state_is_refused(saved, word):
    for tree in (saved, {"__kind__": "list", "value": [saved]}):
        with pytest.raises(ValueError, match=word):
            from_plain(tree)


def test_a_ring_stays_a_ring():
    back = from_plain(to_plain(deque([1, 2, 3], maxlen=3)))
    back.append(4)
    assert list(back) == [2, 3, 4]


def test_what_would_come_back_as_something_else_is_refused():
    for value in (defaultdict(list), namedtuple("Pair", "a b")(1, 2)):
        with pytest.raises(TypeError, match="no part of a tracker's state"):
            to_plain(value)
