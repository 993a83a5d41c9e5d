"""What association knows of a frame's people, for the parts after it: nothing is scored twice.

It is handed on as entries of ``feats``, under names that are selected along with the people:
``person_similarity_<name>`` is what the similarity keeps of them, ``person_similarities``
(M, P) float32 their similarities with the P people with an id of the frame searched before, in
their order, NaN where a gate stopped the pair; ``similarity`` says whose both are.
"""

import numpy as np

from mmpose_temporal.models.similarities import Representation, Similarity

from .feats import PERSON, Feats

KEPT, SCORES = PERSON + "similarity_", PERSON + "similarities"


def share_people(similarity: Similarity, people: Representation) -> Feats:
    """What a similarity keeps of the people of a frame, to be handed on."""
    return {"similarity": similarity, **{KEPT + name: rows for name, rows in people.items()}}


def share_scores(scores: np.ndarray, pairs: np.ndarray | None, before: np.ndarray) -> Feats:
    """The similarities with the people of the frame searched before, to be handed on.

    Args:
        scores: (M, E), with everybody remembered.
        pairs: (M, E) bool, the pairs that were scored; None: all.
        before: (E,) bool: who was in the frame searched before.
    """
    scores = scores[:, before]
    return {SCORES: scores if pairs is None else np.where(pairs[:, before], scores, np.nan)}


def shared_people(feats: Feats) -> Representation:
    """What was handed on by :func:`share_people`."""
    return {name.removeprefix(KEPT): rows for name, rows in feats.items() if name.startswith(KEPT)}
