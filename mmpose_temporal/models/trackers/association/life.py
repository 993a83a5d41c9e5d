"""How long a track stays live, and which tracks are matched first."""

from abc import ABC, abstractmethod

import numpy as np
from mmpose.registry import TASK_UTILS


class Life(ABC):
    """Rules of a track's life.

    Attributes:
        max_age: How long a track stays live after its last pose, at most, in frames or seconds.
        min_age: How long every track stays live, at least.
        in_seconds: Ages are in seconds, not in frames.
    """

    max_age: float | None
    in_seconds: bool = False

    @property
    @abstractmethod
    def min_age(self) -> float:
        """See the class."""

    @abstractmethod
    def alive(self, ages: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Which tracks are still live.

        Args:
            ages: (T,) frames since the last pose of each track, 1 or more, int64; or seconds,
                float64.
            lengths: (T,) int64, number of its poses.

        Returns:
            (T,) bool.
        """

    def rounds(self, lengths: np.ndarray) -> list[np.ndarray] | None:
        """Groups of tracks that poses are assigned to one after the other.

        Args:
            lengths: (T,) int64, number of poses of each track.

        Returns:
            (T,) bool masks; poses that one round does not match go to the next. None: one round.
        """
        return None


@TASK_UTILS.register_module()
class TrackLife(Life):
    """A track ends if it was not seen for more than ``max_age`` frames, or ``max_age_seconds``.

    Frames count that were searched for people, and those that are missing by their numbers.

    Args:
        max_age: Frames that a track stays live after its last pose, >= 1. None: as long as
            the association's depth remembers poses, and 1 frame if it remembers only the last
            pose.
        max_age_seconds: The same in seconds, > 0, instead of ``max_age``; then every frame needs a
            time.

    Raises:
        ValueError: An option out of its range, or both.
    """

    def __init__(self, *, max_age: int | None = None, max_age_seconds: float | None = None):
        if max_age is not None and max_age_seconds is not None:
            raise ValueError(
                f"give max_age or max_age_seconds, not both: got {max_age} and {max_age_seconds}"
            )
        if max_age is not None and max_age < 1:
            raise ValueError(f"max_age must be 1 frame or more, got {max_age}")
        if max_age_seconds is not None and not max_age_seconds > 0:
            raise ValueError(f"max_age_seconds must be positive, got {max_age_seconds}")
        self.in_seconds = max_age_seconds is not None
        self.max_age = max_age_seconds if self.in_seconds else max_age

    @property
    def min_age(self) -> float:
        """See :class:`Life`."""
        return self.max_age

    def alive(self, ages: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """See :class:`Life`."""
        return ages <= self.max_age


@TASK_UTILS.register_module()
class ConfirmedLife(TrackLife):
    """Tracks with enough poses are matched first, and live longer.

    A detector now and then reports a duplicate or a false positive. Such a pose starts a track
    too, but a tentative one: poses are first assigned to the tracks with at least
    ``confirm_length`` poses, the rest to the others, and these end if they are not seen for more
    than ``tentative_age`` frames. So a duplicate detection cannot steal the track's id, and needs
    no suppression by overlap, which would also remove people who occlude each other.

    Give the tracker ``min_length=confirm_length`` so that the poses of tracks that were never
    confirmed are not reported.

    Args:
        confirm_length: Number of poses that confirms a track, 1 or more.
        tentative_age: As ``max_age``, for tracks with fewer; at most ``max_age``. Default: 2.
        max_age: See :class:`TrackLife`.
        max_age_seconds: See :class:`TrackLife`; instead of ``max_age``.
        tentative_age_seconds: Instead of ``tentative_age``, and with ``max_age_seconds`` only.

    Raises:
        ValueError: An option out of its range.
    """

    def __init__(
        self,
        *,
        max_age: int | None = None,
        confirm_length: int = 3,
        tentative_age: int | None = None,
        max_age_seconds: float | None = None,
        tentative_age_seconds: float | None = None,
    ):
        super().__init__(max_age=max_age, max_age_seconds=max_age_seconds)
        if self.max_age is None:
            raise ValueError(
                "ConfirmedLife needs a max_age, 1 frame or more, or max_age_seconds with "
                "tentative_age_seconds"
            )
        if confirm_length < 1:
            raise ValueError(f"confirm_length must be 1 or more, got {confirm_length}")
        self.confirm_length = confirm_length
        if self.in_seconds:
            if tentative_age is not None or tentative_age_seconds is None:
                raise ValueError("with max_age_seconds, give tentative_age_seconds")
            if not 0 < tentative_age_seconds <= max_age_seconds:
                raise ValueError(
                    "tentative_age_seconds must be above 0 and at most max_age_seconds "
                    f"({max_age_seconds}), got {tentative_age_seconds}"
                )
            self.tentative_age = tentative_age_seconds
            return
        if tentative_age_seconds is not None:
            raise ValueError("tentative_age_seconds goes with max_age_seconds")
        self.tentative_age = 2 if tentative_age is None else tentative_age
        if not 1 <= self.tentative_age <= max_age:
            raise ValueError(
                f"tentative_age must be 1 to max_age ({max_age}), got {self.tentative_age}"
            )

    @property
    def min_age(self) -> float:
        """See :class:`Life`."""
        return self.tentative_age

    def alive(self, ages: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """See :class:`Life`."""
        confirmed = lengths >= self.confirm_length
        return ages <= np.where(confirmed, self.max_age, self.tentative_age)

    def rounds(self, lengths: np.ndarray) -> list[np.ndarray] | None:
        """See :class:`Life`: confirmed tracks, then the others."""
        confirmed = lengths >= self.confirm_length
        return None if confirmed.all() else [confirmed, ~confirmed]
