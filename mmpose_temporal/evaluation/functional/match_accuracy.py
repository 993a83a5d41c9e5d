"""Match accuracy: how often the highest similarity picks the right person.

Source: Snower et al., 15 Keypoints Is All You Need, CVPR 2020, Table 3 and appendix A.4.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MatchAccuracy:
    """Counts of some frames; added by ``+``, so that videos combine by counts.

    Attributes:
        correct: People whose highest-scoring previous person is the right one.
        total: People who have a right previous person.
    """

    correct: int = 0
    total: int = 0

    def __add__(self, other: "MatchAccuracy") -> "MatchAccuracy":
        return MatchAccuracy(self.correct + other.correct, self.total + other.total)

    @property
    def percent(self) -> float:
        """100 * correct / total; NaN of nothing."""
        return 100 * self.correct / self.total if self.total else float("nan")


def match_accuracy(
    similarity: np.ndarray, current_ids: np.ndarray, previous_ids: np.ndarray
) -> MatchAccuracy:
    """Compare the highest similarity of each person with the true identities.

    The paper says only that the figure resembles 1 - %IDSW, the ids that are not switched.
    Choice: a person counts if it is among the previous people (who appears for the first time has
    no right answer), and is right if its highest similarity is with a previous person of its id.
    Each person chooses alone, so that the figure is of the similarity and not of an assignment. Of
    several highest similarities the one with the lowest index is chosen, right or wrong. Who is
    compared with nobody (-inf everywhere, as a gate leaves it) is wrong.

    Args:
        similarity: (M, P), higher is more similar; -inf: not compared.
        current_ids: (M,) integers, true identity of the people of this frame; negative: none.
        previous_ids: (P,) integers, true identity of the previous people, of one frame or of
            several; negative: none.

    Raises:
        ValueError: The shapes do not fit, ids are no integers, or a similarity is NaN.
    """
    similarity = np.asarray(similarity)
    current, previous = np.asarray(current_ids), np.asarray(previous_ids)
    for name, ids in (("current_ids", current), ("previous_ids", previous)):
        if ids.ndim != 1 or not (ids.dtype.kind in "iu" or ids.size == 0):
            raise ValueError(f"{name} must be integers of shape (M,), got {ids.dtype} {ids.shape}")
    if similarity.shape != (len(current), len(previous)):
        raise ValueError(
            f"similarity has the shape {similarity.shape}, expected one row per current person "
            f"and one column per previous one: {(len(current), len(previous))}"
        )
    if np.isnan(similarity).any():
        raise ValueError("similarity holds NaN: the highest one is not defined")
    known = (current >= 0) & np.isin(current, previous)
    if not known.any():
        return MatchAccuracy()
    scores = similarity[known]
    right = (previous[scores.argmax(1)] == current[known]) & (scores.max(1) > -np.inf)
    return MatchAccuracy(int(right.sum()), int(known.sum()))
