"""Whole videos to one process, frames in order."""

from collections import deque
from collections.abc import Iterator, Sequence

from mmengine.dist import get_dist_info
from mmpose.registry import DATA_SAMPLERS
from torch.utils.data import Sampler


@DATA_SAMPLERS.register_module()
class VideoSampler(Sampler[int]):
    """Give each rank whole videos, balanced by frames, and read them in order.

    With ``streams=V`` a rank reads V videos in lockstep: one frame of each in turn, and the next
    video replaces one that ends, so that a batch of V has frames of V videos. The rank and the
    stream of a video do not change the results, since a tracker's state is kept by video.

    Args:
        dataset: A dataset with ``video_spans()``, as :class:`PoseTrackVideoDataset` and
            :class:`PoseTrackPoseDataset`.
        streams: Videos read in lockstep, V >= 1.
        seed: Ignored by design: mmengine's runner passes it to every sampler, and there is
            nothing random here.

    Raises:
        ValueError: ``streams`` < 1, no videos, or more ranks than videos.
        TypeError: The dataset has no ``video_spans()``.
    """

    def __init__(self, dataset, *, streams: int = 1, seed: int | None = None):
        if streams < 1:
            raise ValueError(f"streams must be 1 or more, got {streams}")
        if not hasattr(dataset, "video_spans"):
            raise TypeError(
                f"VideoSampler needs a dataset of whole videos (PoseTrackVideoDataset), got "
                f"{type(dataset).__name__}"
            )
        rank, world_size = get_dist_info()
        spans = list(dataset.video_spans().values())
        if not spans:
            raise ValueError("the dataset is empty: it has no video")
        if world_size > len(spans):
            raise ValueError(
                f"{world_size} processes for {len(spans)} videos: whole videos go to one "
                f"process, so start at most {len(spans)}"
            )
        mine = balance([len(span) for span in spans], world_size)[rank]
        self.indices = interleave([spans[i] for i in mine], streams)

    def __iter__(self) -> Iterator[int]:
        return iter(self.indices)

    def __len__(self) -> int:
        return len(self.indices)


def balance(lengths: Sequence[int], num_parts: int) -> list[list[int]]:
    """Spread items over parts so that their total lengths are near each other.

    Longest first, each to the part that has least so far (ties: the lower index). No part is
    more than 4/3 of the best possible one (Graham 1969).

    Args:
        lengths: Length of each item.
        num_parts: Number of parts.

    Returns:
        For each part the indices of its items, ascending.
    """
    parts: list[list[int]] = [[] for _ in range(num_parts)]
    totals = [0] * num_parts
    for item in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        least = min(range(num_parts), key=lambda p: (totals[p], p))
        parts[least].append(item)
        totals[least] += lengths[item]
    return [sorted(part) for part in parts]


def interleave(spans: Sequence[Sequence[int]], streams: int) -> list[int]:
    """Read spans in lockstep, ``streams`` at a time, one index of each in turn."""
    waiting = deque(spans)
    slots = [iter(waiting.popleft()) for _ in range(min(streams, len(waiting)))]
    order: list[int] = []
    while slots:
        for number, slot in enumerate(slots):
            index = next(slot, None)
            while index is None and waiting:
                slots[number] = iter(waiting.popleft())
                index = next(slots[number], None)
            if index is None:
                slots[number] = None
            else:
                order.append(index)
        slots = [slot for slot in slots if slot is not None]
    return order
