"""The refinement module: affinity maps of a person's joints, seen together with both frames."""

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

from .affinity import lift, nearby_mass

SMALLEST = 1e-4
"""Confidences nearer to 0 or 1 count as this near."""


@MODELS.register_module()
class CorrespondenceRefinement(BaseModule):
    """Turns the affinity maps of a person's joints into confidences.

    It sees the embeddings of both frames and the maps of all joints of one person (2 C + J
    channels) and goes down and up again like the embedding network itself.

    Its first layer is linear, so what it makes of the two embeddings is the same for everybody
    in the frame: it is computed once per pair of frames, and each person adds a part of their
    own.

    Args:
        body: Config of a network with ``enter`` and ``rest``, see :class:`InceptionBody`;
            ``in_channels`` is set here.
        decoder: Config of a neck that brings the body's maps back to the embedding's stride with
            ``out_channels`` channels, which is set here.
        embedding_channels: C.
        num_joints: J.
        add_affinity: The answer begins as the affinity within a cell of each cell
            (:func:`nearby_mass`, the confidence of a network without refinement), and the body
            learns what to add to its logit. So it need not learn to keep its place, and few steps
            of training do no harm (choice; the published module has no such way around).
        init_cfg: As in mmengine.
    """

    def __init__(
        self,
        *,
        body: dict,
        decoder: dict,
        embedding_channels: int,
        num_joints: int,
        add_affinity: bool = False,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg=init_cfg)
        self.embedding_channels = embedding_channels
        self.num_joints = num_joints
        self.body = MODELS.build(dict(body, in_channels=2 * embedding_channels + num_joints))
        self.decoder = MODELS.build(dict(decoder, out_channels=num_joints))
        self.add_affinity = add_affinity
        shape = (num_joints, 1, 1)
        if add_affinity:
            self.factor = nn.Parameter(torch.ones(shape))
            self.gain = nn.Parameter(torch.full(shape, 0.1))
        # Without the affinity almost no cell is the right one: begin with that.
        self.bias = nn.Parameter(torch.full(shape, 0.0 if add_affinity else -4.0))

    def shared(self, source: Tensor, target: Tensor) -> Tensor:
        """What the first layer makes of the embeddings of F pairs of frames.

        Args:
            source: (F, C, h, w).
            target: (F, C, h, w).

        Returns:
            (F, ...), for :meth:`forward`.
        """
        pair = torch.cat([source, target], 1)
        return self.body.enter(pair, slice(0, 2 * self.embedding_channels))

    def forward(self, shared: Tensor, pairs: Tensor, maps: Tensor) -> Tensor:
        """Refine the maps of P people.

        Args:
            shared: Of the F pairs of frames.
            pairs: (P,) int64, the pair of frames of each person.
            maps: (P, J, h, w), affinities.

        Returns:
            (P, J, h, w) logits of the confidences.
        """
        lifted = lift(maps)
        start = 2 * self.embedding_channels
        own = self.body.enter(lifted.to(shared.dtype), slice(start, start + self.num_joints))
        logits = self.decoder(self.body.rest(shared[pairs] + own))
        if isinstance(logits, tuple | list):  # as necks give it
            logits = logits[-1]
        if self.add_affinity:
            known = torch.logit(nearby_mass(maps).clamp(SMALLEST, 1 - SMALLEST))
            logits = self.factor * known + self.gain * logits
        return logits + self.bias
