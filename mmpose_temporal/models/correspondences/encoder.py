"""The frame encoder of CorrTrack: every frame is embedded once, whoever asks."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS

from mmpose_temporal.models.parts import FrameEncoder, Shared
from mmpose_temporal.structures import FramePacket, Skeleton

from .carried import FEATURE, FrameCorrespondences
from .letterbox import FrameEmbedding, Letterbox

if TYPE_CHECKING:
    from .network import CorrespondenceNetwork


@MODELS.register_module()
class CorrespondenceEncoder(BaseModule, FrameEncoder):
    """Embeds each whole frame, for correspondences with other frames.

    Frames of one size, as of several streams, are embedded together.

    Args:
        network: Config of a :class:`CorrespondenceNetwork`; its ``checkpoint`` names the weights,
            if the tracker's own checkpoint has none.
        long_side: Pixels that the longer side of a frame is scaled to (512 in the paper).
        square: Pad frames to ``long_side`` in both directions, as the authors' code does. Choice:
            only up to a multiple of 32, which is all that the network needs.
        init_cfg: As in mmengine.

    Raises:
        ValueError: ``long_side`` is no multiple of 32, or the checkpoint lacks the refinement.
    """

    DIVISOR = 32

    def __init__(
        self,
        *,
        network: dict,
        long_side: int = 512,
        square: bool = False,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg=init_cfg)
        if long_side < self.DIVISOR or long_side % self.DIVISOR:
            raise ValueError(
                f"long_side must be a multiple of {self.DIVISOR} pixels, got {long_side}"
            )
        self.network: CorrespondenceNetwork = MODELS.build(network)
        if network.get("checkpoint") is not None and not self.network.ready:
            raise ValueError(
                f"{network['checkpoint']} has no trained refinement: train it (phase "
                "'refinement'), or set the network's refinement=None"
            )
        # A third faster on a CPU; results are the same up to rounding.
        self.network.to(memory_format=torch.channels_last)
        self.long_side = long_side
        self.square = square

    @property
    def ready(self) -> bool:
        """Whether the network was trained, or has weights of a checkpoint."""
        return self.network.ready

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Find the network's joints in the data by name, see :class:`ChosenJoints`."""
        self.network.chosen.use_skeleton(skeleton, type(self).__name__)

    def encode(self, packets: list[FramePacket]) -> list[dict[str, Any]]:
        """See :class:`FrameEncoder`: ``correspondences``, a :class:`FrameCorrespondences`."""
        embeddings = self.embed([packet.image for packet in packets])
        return [{FEATURE: FrameCorrespondences(Shared(self.network), e)} for e in embeddings]

    def embed(
        self, images: Sequence[np.ndarray], long_side: int | None = None
    ) -> list[FrameEmbedding]:
        """Embed images, those of one size together.

        Args:
            images: (H, W, 3) uint8 BGR each.
            long_side: Instead of the encoder's own, a multiple of 32.
        """
        long_side = self.long_side if long_side is None else long_side
        divisor = long_side if self.square else self.DIVISOR
        boxes, groups = [], defaultdict(list)
        for i, image in enumerate(images):
            height, width = image.shape[:2]
            boxes.append(Letterbox.of((width, height), long_side, divisor))
            groups[boxes[-1].input_size].append(i)
        answers: list[FrameEmbedding] = [None] * len(images)
        for rows in groups.values():
            inputs = [torch.from_numpy(boxes[i].apply(images[i])).permute(2, 0, 1) for i in rows]
            data = self.network.data_preprocessor(dict(inputs=inputs), False)
            embeddings = self.network(data["inputs"]).contiguous()
            for i, maps in zip(rows, embeddings, strict=True):
                # A copy: who keeps one frame must not keep the memory of all frames of the batch.
                answers[i] = FrameEmbedding(
                    maps.clone() if len(rows) > 1 else maps,
                    boxes[i].scale,
                    self.network.stride,
                    boxes[i].frame_size,
                )
        return answers
