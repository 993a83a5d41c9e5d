"""Keep frames until nothing about their people can change any more."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mmpose_temporal.structures import UNMERGED, FramePacket, plain_state

SHORT = "short_track"
"""Reason for which the people of tracks that ended too short are dropped."""


@plain_state
@dataclass(slots=True, eq=False)
class FrameBuffer:
    """Frames of one video that wait for their short tracks to end or to grow.

    With ``min_length = 1`` every frame is finished at once. Otherwise a frame is finished when
    each of its tracks has ``min_length`` poses or has ended; the people of tracks that ended too
    short are dropped. With ``whole`` all frames wait for the end of the video, since a track
    that is too short may be part of a longer one then.

    The cost per frame is that of its own people, however many frames wait: each frame counts its
    undecided people, and each undecided track knows in which frames it is.

    Attributes:
        min_length: Lowest number of poses of a track that is reported.
        whole: Keep the whole video.
        waiting: Frames in order.
        undecided: For each frame that was announced and is not finished, the number of its
            people whose track is not decided.
        first: Number of the first frame that is not finished.
        announced: Number of frames so far.
        places: Track id -> numbers of the frames it is in, of tracks that are not decided.
        short: Track id -> number of the last frame it is in, of tracks that ended too short.
        lengths: Track id -> number of poses of all tracks; with ``whole`` only.
    """

    min_length: int
    whole: bool = False
    waiting: deque = field(default_factory=deque)
    undecided: deque = field(default_factory=deque)
    first: int = 0
    announced: int = 0
    places: dict = field(default_factory=dict)
    short: dict = field(default_factory=dict)
    lengths: dict = field(default_factory=dict)

    @property
    def passes(self) -> bool:
        """Frames are finished as they come."""
        return self.min_length == 1 and not self.whole

    def announce(self, track_ids: np.ndarray, lengths: np.ndarray) -> None:
        """Take note of the next frame, once association knows its people.

        Args:
            track_ids: (M,) int64, of those with an id.
            lengths: (M,) int64, number of poses of their tracks so far.
        """
        if self.passes:
            return
        number, count = self.announced, 0
        self.announced += 1
        people = zip(track_ids.tolist(), lengths.tolist(), strict=True)
        if self.whole:
            self.lengths.update(people)
            return
        for track, length in people:
            if length < self.min_length:
                self.places.setdefault(track, []).append(number)
                count += 1
            else:
                self._decide(track)
        self.undecided.append(count)

    def end_tracks(self, track_ids: np.ndarray) -> None:
        """Take note of tracks that ended."""
        if self.passes or self.whole:
            return
        for track in track_ids.tolist():
            places = self._decide(track)
            if places:
                self.short[track] = places[-1]

    def _decide(self, track: int) -> list[int]:
        """The frames that waited for a track wait for it no longer."""
        places = self.places.pop(track, [])
        for place in places:
            self.undecided[place - self.first] -= 1
        return places

    def push(self, packet: FramePacket) -> list[FramePacket]:
        """Add a frame that was announced; frames come in order.

        Returns:
            The frames that are finished now, oldest first.
        """
        if self.passes:
            return [packet]
        self.waiting.append(packet)
        finished = []
        while not self.whole and self.waiting and not self.undecided[0]:
            finished.append(self._settle(self.waiting.popleft()))
            self.undecided.popleft()
            self.first += 1
        return finished

    def _settle(self, packet: FramePacket) -> FramePacket:
        """Drop the people of tracks that ended too short."""
        ids = packet.people.track_ids.tolist()
        if self.short and any(track in self.short for track in ids):
            packet.drop(SHORT, np.array([track not in self.short for track in ids]))
            for track in ids:
                if self.short.get(track) == self.first:
                    del self.short[track]
        return packet

    def flush(self, merged: Mapping[int, int] | None = None) -> list[FramePacket]:
        """All frames that are still waiting: the video is over.

        In a video of fewer frames than ``min_length`` the tracks through all of them are
        reported (choice).

        Args:
            merged: Old track id -> new one, for tracks of one person; the lengths of tracks that
                become one are added. With ``whole`` the people keep the old ids as the extra
                :data:`UNMERGED`.

        Raises:
            ValueError: Tracks that are in one frame together were merged.
        """
        least, merged = min(self.min_length, self.announced), merged or {}
        lengths = Counter({track: len(places) for track, places in self.places.items()})
        for track, length in self.lengths.items():
            lengths[merged.get(track, track)] += length
        short = {track for track, length in lengths.items() if length < least} | self.short.keys()
        finished = list(self.waiting)
        for packet in finished:
            ids = [merged.get(track, track) for track in packet.people.track_ids.tolist()]
            if self.whole:
                own = packet.people.track_ids
                packet.people = packet.people.with_extras(**{UNMERGED: own})
            if merged:
                if len(set(ids)) < len(ids):
                    raise ValueError(
                        f"video {packet.video_id}: tracks that are both in frame {packet.index} "
                        "were merged into one"
                    )
                packet.people = packet.people.replace(track_ids=np.array(ids, np.int64))
            if any(track in short for track in ids):
                packet.drop(SHORT, np.array([track not in short for track in ids]))
        self.waiting.clear()
        self.undecided.clear()
        return finished
