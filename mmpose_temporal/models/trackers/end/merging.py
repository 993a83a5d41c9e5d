"""Tracks that turn out to be of one person once the video is over."""

from abc import abstractmethod
from collections.abc import Collection
from typing import Any

from mmengine.model import BaseModule

from mmpose_temporal.models.parts import TrackerPart


class TrackMerging(BaseModule, TrackerPart):
    """Joins tracks at the end of a video.

    It sees each frame by :meth:`observe` and keeps what it needs of the tracks in its state,
    whose size depends on the number of tracks. The frames of the whole video wait for it.
    """

    @abstractmethod
    def finish(self, state: Any) -> dict[int, int]:
        """The tracks that are joined.

        Args:
            state: Of the video.

        Returns:
            Old track id -> new one, for the tracks that change theirs. Tracks that are in one
            frame together must not get one id.
        """

    def record(self, state: Any) -> Any:
        """What observers get to know of it, as ``merging`` in the records of their frames.

        Args:
            state: Of the video, after :meth:`finish`.
        """
        return None


def check_merged(merged: dict[int, int], tracks: Collection[int]) -> dict[int, int]:
    """Refuse ids of no track, and chains.

    Args:
        merged: What a :class:`TrackMerging` returns.
        tracks: Ids of the tracks of the video.

    Raises:
        ValueError: An id is that of no track; a new id is itself given another one.
    """
    unknown = sorted({*merged.keys(), *merged.values()} - {*tracks})
    if unknown:
        raise ValueError(f"merging names the track ids {unknown}, which the video has not")
    chained = sorted(new for new in merged.values() if merged.get(new, new) != new)
    if chained:
        raise ValueError(f"merging gives tracks the ids {chained}, and these other ones")
    return merged
