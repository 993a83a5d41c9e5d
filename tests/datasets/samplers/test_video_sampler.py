"""Tables by hand; a dataset is a dict of spans here."""

import pytest
from torch.utils.data import BatchSampler, Dataset

from mmpose_temporal.datasets import VideoSampler
from mmpose_temporal.datasets.samplers import video_sampler
from mmpose_temporal.datasets.samplers.video_sampler import balance, interleave


class Videos(Dataset):
    """Videos of the given lengths, one after the other."""

    def __init__(self, *lengths: int):
        self.lengths = lengths

    def __len__(self) -> int:
        return sum(self.lengths)

    def video_spans(self) -> dict[str, range]:
        starts = [sum(self.lengths[:i]) for i in range(len(self.lengths))]
        return {
            f"v{i}": range(start, start + length)
            for i, (start, length) in enumerate(zip(starts, self.lengths, strict=True))
        }


def on_rank(monkeypatch, rank: int, world_size: int) -> None:
    monkeypatch.setattr(video_sampler, "get_dist_info", lambda: (rank, world_size))


@pytest.mark.parametrize(
    ("lengths", "parts", "expected"),
    [
        ([5, 3], 1, [[0, 1]]),
        ([5, 3], 2, [[0], [1]]),
        # 5 to the first, 4 to the second, 3 to the second (4 < 5), 2 to the first (5 < 7),
        # 1 to the first (7 = 7): totals 8 and 7
        ([1, 2, 3, 4, 5], 2, [[0, 1, 4], [2, 3]]),
        # 7 | 5 | 4, then 3 to the third (4), 2 to the second (5), totals 7, 7, 7
        ([2, 3, 4, 5, 7], 3, [[4], [0, 3], [1, 2]]),
        ([4, 4, 4], 2, [[0, 2], [1]]),
        ([], 2, [[], []]),
    ],
)
def test_balance_by_hand(lengths, parts, expected):
    assert balance(lengths, parts) == expected


@pytest.mark.parametrize(
    ("lengths", "streams", "expected"),
    [
        ([3], 1, [0, 1, 2]),
        ([3, 2], 1, [0, 1, 2, 3, 4]),
        ([3, 2], 2, [0, 3, 1, 4, 2]),
        # a: 0 1 2, b: 3 4, c: 5 6 7; c takes b's place
        ([3, 2, 3], 2, [0, 3, 1, 4, 2, 5, 6, 7]),
        ([1, 1, 1], 2, [0, 1, 2]),
        ([3, 2], 5, [0, 3, 1, 4, 2]),  # fewer videos than streams
    ],
)
def test_interleave_by_hand(lengths, streams, expected):
    assert interleave(list(Videos(*lengths).video_spans().values()), streams) == expected


def test_one_rank_reads_all_in_order():
    sampler = VideoSampler(Videos(5, 3))
    assert list(sampler) == list(range(8))
    assert len(sampler) == 8
    assert list(sampler) == list(range(8))  # a second epoch


def test_seed_of_the_runner_changes_nothing():
    assert list(VideoSampler(Videos(5, 3), seed=7)) == list(range(8))


@pytest.mark.parametrize("streams", [1, 2, 3])
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_ranks_share_whole_videos_and_every_frame_once(monkeypatch, world_size, streams):
    dataset = Videos(4, 2, 7, 1, 3)
    owner = {}
    for rank in range(world_size):
        on_rank(monkeypatch, rank, world_size)
        sampler = VideoSampler(dataset, streams=streams)
        assert len(sampler) == len(list(sampler))
        for index in sampler:
            assert index not in owner
            owner[index] = rank
        for span in dataset.video_spans().values():
            seen = [i for i in sampler if i in span]
            assert seen in ([], list(span))  # whole or not at all, and in order
    assert sorted(owner) == list(range(17))


def test_a_batch_of_streams_holds_a_frame_of_each_video():
    batches = list(BatchSampler(VideoSampler(Videos(3, 3), streams=2), 2, drop_last=False))
    assert batches == [[0, 3], [1, 4], [2, 5]]


def test_as_many_ranks_as_videos(monkeypatch):
    on_rank(monkeypatch, 1, 2)
    assert list(VideoSampler(Videos(5, 3))) == [5, 6, 7]


def test_more_ranks_than_videos(monkeypatch):
    on_rank(monkeypatch, 0, 3)
    with pytest.raises(ValueError, match="3 processes for 2 videos: .* start at most 2"):
        VideoSampler(Videos(5, 3))


def test_empty_data_set():
    with pytest.raises(ValueError, match="empty: it has no video"):
        VideoSampler(Videos())


def test_another_kind_of_data_set():
    with pytest.raises(TypeError, match="needs a dataset of whole videos .*, got list"):
        VideoSampler([1, 2, 3])


@pytest.mark.parametrize("streams", [0, -1])
def test_streams_must_be_positive(streams):
    with pytest.raises(ValueError, match=f"streams must be 1 or more, got {streams}"):
        VideoSampler(Videos(5), streams=streams)
