"""Pose entailment by convolutions instead of attention."""

import colorsys
from collections.abc import Sequence

import numpy as np
import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor
from torch.nn import functional as F

from mmpose_temporal.structures import FramePacket, Skeleton
from mmpose_temporal.utils.crops import crop_people

from .base import PairScores, Representation, Scene, Similarity
from .chosen_joints import ChosenJoints
from .conv_network import ConvNetwork
from .entailment.tokens import position_cells
from .own_weights import OwnWeights


@MODELS.register_module()
class ConvEntailment(Similarity):
    """Probability, by a convolutional network, that two poses are of one person, in [0, 1].

    The networks that KeyTrack compares its transformer with (section 5.2, Figure 7, A.5): one
    sees both people's crops, the other dots at their keypoints. Each person gives a picture of
    three channels, and the two pictures of a pair, the pose at t first, go through
    :class:`ConvNetwork` together. A picture is made once per person, and all pairs of a frame
    are scored in batches. The network does not know the distance in time.

    Keypoints: one dot for each joint in the frame downsampled to ``resolution``, at the cell
    that the tokens of :class:`PoseEntailment` have. Its colour encodes the joint: hue and
    saturation are fixed, and the value of joint j of J is ``(j + 1) / J``. If dots meet, the
    brighter one stays. Choice: the paper gives no hue and saturation, and no size of the dots;
    a radius of 0 is one cell.

    Visual: the person's box, averaged down to ``resolution``, BGR in [0, 1]. Choice: the paper
    only says that the pictures are blurry, as they are downsampled.

    Args:
        source: ``'keypoints'`` or ``'visual'``, which needs the frames, and, to train,
            :class:`LoadPairCrops` with the ``resolution`` as ``size`` and the same ``padding``.
        resolution: Width and height of a picture; 24 x 18 to 192 x 144 in Figure 7.
        channels: See :class:`ConvNetwork`.
        hidden: See :class:`ConvNetwork`.
        hue: Of the dots, in [0, 1].
        saturation: Of the dots, in [0, 1].
        radius: Of the dots, which are squares, in cells.
        padding: Factor by which boxes are enlarged for the crops; visual only, as hue to joints
            are for keypoints only.
        max_pairs: Largest number of pairs per pass, which limits memory.
        joints: See :class:`ChosenJoints`.
        num_keypoints: See :class:`ChosenJoints`.
        keypoint_names: Names of the layout that it is trained on, see ``layout`` of
            :class:`ChosenJoints`. Poses of other layouts are mapped by name.
        checkpoint: Weights to begin with: a file or URL with those of this similarity, or of a
            tracker that has it.
        init_cfg: As in mmengine.

    Raises:
        ValueError: An option out of its range.
        RuntimeError: ``checkpoint`` does not fit.
    """

    def __init__(
        self,
        *,
        source: str = "keypoints",
        resolution: Sequence[int] = (24, 18),
        channels: int = 64,
        hidden: int | None = None,
        hue: float = 0.0,
        saturation: float = 0.5,
        radius: int = 0,
        padding: float = 1.0,
        max_pairs: int = 512,
        joints: Sequence[int | str] | None = None,
        num_keypoints: int | None = None,
        keypoint_names: Sequence[str] | None = None,
        checkpoint: str | None = None,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg=init_cfg)
        if source not in ("keypoints", "visual"):
            raise ValueError(f"source must be 'keypoints' or 'visual', got {source!r}")
        dots = (hue, saturation, radius, joints) != (0.0, 0.5, 0, None)
        if (source == "visual" and dots) or (source == "keypoints" and padding != 1.0):
            raise ValueError(
                "hue, saturation, radius and joints go with source='keypoints', padding with "
                f"'visual'; source is {source!r}"
            )
        if len(resolution) != 2:
            raise ValueError(f"resolution must be width and height, got {resolution}")
        if not (0 <= hue <= 1 and 0 <= saturation <= 1):
            raise ValueError(f"hue and saturation must be in [0, 1], got {hue}, {saturation}")
        if radius < 0 or padding <= 0 or max_pairs < 1:
            raise ValueError(
                "ConvEntailment needs radius >= 0, padding > 0 and max_pairs >= 1, got "
                f"{radius}, {padding} and {max_pairs}"
            )
        self.source = source
        self.compares_joints = source == "keypoints"
        self.resolution = tuple(resolution)
        self.radius = radius
        self.padding = padding
        self.max_pairs = max_pairs
        self.chosen = ChosenJoints(joints, num_keypoints, keypoint_names)
        color = torch.tensor(colorsys.hsv_to_rgb(hue, saturation, 1.0))
        self.register_buffer("color", color, persistent=False)  # the config says it
        self.network = ConvNetwork(
            in_channels=6, resolution=self.resolution, channels=channels, hidden=hidden
        )
        OwnWeights(self, checkpoint)

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Find the joints in the data by name, see :class:`ChosenJoints`."""
        self.chosen.use_skeleton(skeleton, type(self).__name__)

    @torch.no_grad()
    def embed(self, packet: FramePacket) -> Representation:
        """``{'pictures': (M, h, w) float32 or, visual, (M, 3, h, w) uint8, tensor}``.

        Raises:
            ValueError: Another number of keypoints than the layout's; no ``frame_size``, or,
                visual, no ``image``.
        """
        poses, device = packet.people, self.color.device
        if self.source == "visual":
            image = packet.image
            if image is None:
                raise ValueError(
                    "ConvEntailment with source='visual' needs the frames: use it in a "
                    "PoseTracker, put LoadVideoFrame before PackFramePoses in the pipeline, or "
                    "give tools/track_poses.py --images; source='keypoints' needs none"
                )
            crops = crop_people(image, poses.boxes, self.resolution, padding=self.padding)
            return {"pictures": crops.to(device)}
        size = packet.frame_size
        if size is None:
            raise ValueError(
                "ConvEntailment needs the size of the frames: add 'width' and 'height' to the "
                "images in the files of poses"
            )
        keypoints = torch.from_numpy(poses.keypoints).to(device)
        scores = torch.from_numpy(poses.keypoint_scores).to(device)
        return {"pictures": self._dots(keypoints, scores, keypoints.new_tensor(size))}

    def _dots(self, keypoints: Tensor, scores: Tensor, frame_size: Tensor) -> Tensor:
        joints, present = self.chosen(keypoints, scores)
        return draw_joints(joints, present, frame_size, self.resolution, radius=self.radius)

    def forward(self, current: Tensor, previous: Tensor) -> Tensor:
        """Classify B pairs of pictures, as :meth:`embed` gives them; (B, 2) logits."""
        pictures = [current, previous]
        if self.source == "keypoints":
            pictures = [picture[:, None] * self.color[:, None, None] for picture in pictures]
        pair = torch.cat(pictures, dim=1).to(self.network[0].weight.dtype)
        return self.network(pair / 255 if self.source == "visual" else pair).float()

    @torch.no_grad()
    def pairwise(
        self,
        current: Representation,
        previous: Representation,
        pairs: np.ndarray | None = None,
        scene: Scene | None = None,
    ) -> PairScores:
        """(M_t, M_prev) float32; 0 where ``pairs`` is False, or a pose has no joint to draw."""
        now, past = current["pictures"], previous["pictures"]
        if pairs is None:
            pairs = np.ones((len(now), len(past)), dtype=bool)
        if self.source == "keypoints":
            drawn, drawn_before = (rows.flatten(1).any(1).cpu().numpy() for rows in (now, past))
            pairs = pairs & drawn[:, None] & drawn_before
        scores = np.zeros(pairs.shape, np.float32)
        rows, columns = np.nonzero(pairs)
        for start in range(0, len(rows), self.max_pairs):
            part = slice(start, start + self.max_pairs)
            first, second = (
                torch.from_numpy(index[part]).to(now.device) for index in (rows, columns)
            )
            chances = self(now[first], past[second]).softmax(1)[:, 1]
            scores[rows[part], columns[part]] = chances.cpu().numpy()
        return PairScores(scores)

    def loss(
        self, inputs: dict[str, Tensor], data_samples: Sequence[PoseDataSample] | None = None
    ) -> dict[str, Tensor]:
        """Cross entropy on a batch of B pairs.

        Args:
            inputs: ``labels`` (B,), 1 = same person, and ``keypoints`` (B, 2, K, 2),
                ``keypoint_scores`` (B, 2, K), ``frame_size`` (B, 2), or, visual, ``crops``
                (B, 2, 3, h, w) uint8.
            data_samples: Not needed.

        Returns:
            ``loss_match``; and ``acc_pairs``, the share of pairs classified correctly.

        Raises:
            ValueError: No crops, or of another size; the size of a frame is not known.
        """
        if self.source == "visual":
            pictures = self._crops_of(inputs)
        else:
            sizes = inputs["frame_size"]
            if not sizes.isfinite().all():
                raise ValueError(
                    "ConvEntailment needs the size of the frames: add 'width' and 'height' to "
                    "the images in the annotation files"
                )
            sizes = sizes.repeat_interleave(2, dim=0)
            keypoints, scores = (
                inputs[name].flatten(0, 1) for name in ("keypoints", "keypoint_scores")
            )
            pictures = self._dots(keypoints, scores, sizes).unflatten(0, (-1, 2))
        logits = self(*pictures.unbind(1))
        labels = inputs["labels"]
        self.ready = self.ready or torch.is_grad_enabled()
        return dict(
            loss_match=F.cross_entropy(logits, labels),
            acc_pairs=(logits.detach().argmax(1) == labels).float().mean(),
        )

    def _crops_of(self, inputs: dict[str, Tensor]) -> Tensor:
        crops, size = inputs.get("crops"), self.resolution
        if crops is None or crops.shape[-2:] != (size[1], size[0]):
            found = "none" if crops is None else f"{crops.shape[-1]}x{crops.shape[-2]}"
            raise ValueError(
                f"ConvEntailment with source='visual' trains on crops of {size[0]}x{size[1]}, "
                f"got {found}: put dict(type='LoadPairCrops', size={size}, "
                f"padding={self.padding}) before PackPosePairs"
            )
        return crops


def draw_joints(
    keypoints: Tensor,
    present: Tensor,
    frame_size: Tensor,
    resolution: tuple[int, int],
    *,
    radius: int = 0,
) -> Tensor:
    """Pictures with a dot for each joint, as bright as its number.

    Args:
        keypoints: (M, J, 2), image pixels; one outside the frame is drawn at its border.
        present: (M, J) bool; others are not drawn.
        frame_size: (2,) or (M, 2), width and height in pixels.
        resolution: Width and height of the pictures.
        radius: Of the dots, which are squares, in cells.

    Returns:
        (M, h, w) float32: ``(j + 1) / J`` in the cell of joint j, the brighter one where two
        meet, 0 elsewhere.
    """
    people, joints = present.shape
    width, height = resolution
    values = torch.arange(1, joints + 1, device=keypoints.device) / joints
    cells = position_cells(keypoints, frame_size, resolution)
    pictures = keypoints.new_zeros((people, height * width))
    pictures = pictures.scatter_reduce(1, cells, values * present, "amax")
    pictures = pictures.view(people, height, width)
    if radius:
        pictures = F.max_pool2d(pictures[:, None], 2 * radius + 1, 1, radius)[:, 0]
    return pictures
