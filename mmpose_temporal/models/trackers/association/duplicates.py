"""Detections that a matched track supports, too, are second ones of that person."""

from collections.abc import Sequence

import numpy as np
from mmpose.registry import TASK_UTILS

from mmpose_temporal.models.similarities import PairScores

from .births import Births, Unmatched

SUPPORT = ("pose", "corr")
"""Scores whose shares are compared, where the similarity has them."""


@TASK_UTILS.register_module()
class DuplicateRemoval(Births):
    """An unmatched pose that a matched track supports nearly as much is a duplicate (CorrTrack).

    Rafi et al., ECCV 2020, supplement C, and the authors' code. A track that was continued says
    how well its match agrees with it. Of another pose the share of that is taken for each of the
    scores ``parts``; if their mean over the scores is above ``min_share``, the pose is a duplicate
    of the match and starts no track.

    Args:
        min_share: In (0, 1). The paper compares the sum of two shares with 0.6, which is a mean
            of 0.3.
        parts: Names of scores of :attr:`PairScores.parts`. None: ``pose`` and ``corr`` where the
            similarity has them, else its total.

    Raises:
        ValueError: ``min_share`` out of its range; at use, the similarity has no such score.
    """

    reason = "duplicate"

    def __init__(self, *, min_share: float = 0.3, parts: Sequence[str] | None = None):
        if not 0 < min_share < 1:
            raise ValueError(f"min_share must be in (0, 1), got {min_share}")
        if parts is not None and not len(parts):
            raise ValueError("parts must name scores, or be None for those of the similarity")
        self.min_share = min_share
        self.parts = None if parts is None else tuple(parts)

    def __call__(self, unmatched: Unmatched) -> np.ndarray:
        """See :class:`Births`."""
        may = np.ones(len(unmatched.rows), bool)
        scores, ids = unmatched.scores, unmatched.track_ids
        if scores is None:
            return may
        # the matched pose of each track that was continued
        matches = ids[:, None] == unmatched.tracks.ids
        columns = np.flatnonzero(matches.any(0))
        if not len(columns):
            return may
        matched = matches[:, columns].argmax(0)
        shares = []
        for table in self._tables(scores):
            reference = table[matched, columns]
            ours = table[np.ix_(unmatched.rows, columns)]
            good = reference > 0
            shares.append(np.where(good, ours / np.where(good, reference, 1), 0))
        return ~(np.mean(shares, 0) > self.min_share).any(1)

    def _tables(self, scores: PairScores) -> list[np.ndarray]:
        """(M, E) scores that are compared."""
        names = self.parts
        if names is None:
            names = [name for name in SUPPORT if name in scores.parts]
            if not names:
                return [scores.total]
        missing = [name for name in names if name not in scores.parts]
        if missing:
            raise ValueError(
                f"DuplicateRemoval compares {', '.join(missing)}, which the similarity has not: "
                f"it has {', '.join(scores.parts) or 'the total only'}"
            )
        return [scores.parts[name] for name in names]
