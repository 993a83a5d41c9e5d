"""Which people and joints of a frame count."""

import math
from dataclasses import dataclass

import numpy as np

from mmpose_temporal.structures import FramePacket


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores below which people and joints are left out; a score at the threshold counts.

    Attributes:
        box_score_thr: People whose box scores less are left out.
        keypoint_score_thr: Joints that score less are absent (score 0) from suppression on.
        output_keypoint_thr: Joints that score less are absent in the output, and people without
            any other joint are left out there; association saw them.

    Raises:
        ValueError: A threshold is not in [0, 1].
    """

    box_score_thr: float = 0.0
    keypoint_score_thr: float = 0.0
    output_keypoint_thr: float = 0.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"{name} must be in [0, 1], got {value}")

    def apply(self, packet: FramePacket) -> None:
        """Drop what counts for no stage, and count it; a second call changes nothing."""
        people = packet.people
        if not len(people):
            return
        strong = people.box_scores >= self.box_score_thr
        # A sum that is finite has finite terms; the exact test is for the others.
        whole = math.isfinite(people.boxes.sum()) or np.isfinite(people.boxes).all(1)
        if whole is not True or not strong.all():
            packet.drop("broken_box", np.broadcast_to(whole, strong.shape))
            packet.drop("box_score_thr", strong[np.broadcast_to(whole, strong.shape)])
            people = packet.people
        if self.keypoint_score_thr > 0:
            absent = people.keypoint_scores < self.keypoint_score_thr
            if absent.any():
                scores = np.where(absent, np.float32(0), people.keypoint_scores)
                people = packet.people = people.replace(keypoint_scores=scores)
        best = people.keypoint_scores.max(1, initial=0)
        if not best.all():
            packet.drop("no_keypoints", best > 0)

    def apply_to_output(self, packet: FramePacket) -> None:
        """Drop what is not reported, and count it."""
        if self.output_keypoint_thr <= 0:
            return
        people = packet.people
        absent = people.keypoint_scores < self.output_keypoint_thr
        scores = np.where(absent, np.float32(0), people.keypoint_scores)
        packet.people = people.replace(keypoint_scores=scores)
        packet.drop("output_keypoint_thr", ~absent.all(1))
