"""Match accuracy, counted while a tracker works."""

import numpy as np
from mmpose.registry import TASK_UTILS

from mmpose_temporal.structures import UNTRACKED, FramePacket, Observer

from ..functional import match_accuracy


@TASK_UTILS.register_module()
class MatchAccuracyObserver(Observer):
    """Counts how often the highest similarity picks the right person, for MatchAccuracyMetric.

    If the true identities of a frame's poses are known (the sample's ``known_ids``, -1: not
    known), people are compared with the remembered poses before ids are assigned, whatever ids
    the tracker gave; see :func:`~mmpose_temporal.evaluation.functional.match_accuracy`. The
    sample gets the metainfo ``match_counts``: how many of its people have their highest
    similarity with a pose of the right identity, and how many there are.
    """

    def wants(self, packet: FramePacket) -> bool:
        """See :class:`Observer`."""
        return packet.sample.get("known_ids") is not None

    def associated(self, packet: FramePacket) -> None:
        """See :class:`Observer`."""
        comparison, counts = packet.comparison, (0, 0)
        if comparison.scores is not None:
            scores = comparison.masked_scores()
            scores = np.where(np.isnan(scores), -np.inf, scores)
            known = comparison.people.extras["known_ids"]
            nothing = np.full(len(comparison.tracks), UNTRACKED)
            earlier = comparison.tracks.people.extras.get("known_ids", nothing)
            found = match_accuracy(scores, known, earlier)
            counts = found.correct, found.total
        packet.sample.set_metainfo(dict(match_counts=counts))
