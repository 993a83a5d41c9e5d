import numpy as np
import pytest
from mmpose.structures import PoseDataSample

from mmpose_temporal.structures import frame_size, frame_time, is_searched
from mmpose_temporal.testing import make_packet, random_poses

IMAGE = np.zeros((2, 3, 3), np.uint8)


def sample(**metainfo) -> PoseDataSample:
    return PoseDataSample(metainfo=dict(video_id="a", frame_index=3, **metainfo))


def test_people_are_dropped_and_counted():
    packet = make_packet(random_poses(4, seed=0).with_extras(row=np.arange(4)))
    packet.drop("weak", np.array([True, False, True, True]))
    packet.drop("suppression", np.array([0, 1]))  # of those who are left
    packet.drop("nothing", np.ones(2, bool))
    assert packet.people.extras["row"].tolist() == [0, 2]
    assert packet.dropped == dict(weak=1, suppression=1)
    packet.drop("weak", np.zeros(2, bool))
    assert packet.dropped == dict(weak=3, suppression=1)
    assert len(packet.people) == 0


def test_what_is_large_is_released():
    packet = make_packet(random_poses(1, seed=0), image=IMAGE, features=dict(map=IMAGE))
    packet.release_image()
    assert packet.image is None and packet.features == {}
    assert packet.frame_size == (3, 2)
    assert len(packet.people) == 1


@pytest.mark.parametrize(
    ("metainfo", "image", "size"),
    [
        (dict(frame_size=(64, 48), ori_shape=(1, 1)), IMAGE, (64, 48)),
        (dict(ori_shape=(48, 64)), IMAGE, (64, 48)),
        (dict(), IMAGE, (3, 2)),
        (dict(), None, None),
        (dict(frame_size=(0, 48)), None, None),
        (dict(), IMAGE[:0, :0], None),  # a frame that could not be read
    ],
)
def test_size(metainfo, image, size):
    assert frame_size(sample(**metainfo), image) == size


@pytest.mark.parametrize(
    ("metainfo", "time"),
    [(dict(), None), (dict(fps=4), 0.75), (dict(time=9), 9.0), (dict(time=0, fps=4), 0.0)],
)
def test_time(metainfo, time):
    assert frame_time(sample(**metainfo)) == time


@pytest.mark.parametrize("fps", [0, -1, float("nan")])
def test_frame_rates_that_are_none(fps):
    with pytest.raises(ValueError, match="video a: fps"):
        frame_time(sample(fps=fps))


@pytest.mark.parametrize(
    ("metainfo", "searched"),
    [
        (dict(), True),
        (dict(searched=True, frame_readable=True), True),
        (dict(searched=False), False),
        (dict(frame_readable=False), False),
    ],
)
def test_searched(metainfo, searched):
    assert is_searched(sample(**metainfo)) is searched
