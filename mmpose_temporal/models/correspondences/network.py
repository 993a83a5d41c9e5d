"""The correspondence network of CorrTrack: where the keypoints of one image are in another."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseModel, BaseModule
from mmengine.structures import InstanceData
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from mmpose_temporal.models.losses import AffinityLoss, ConfidenceLoss
from mmpose_temporal.structures import KEYPOINT_NAMES

from ..similarities.chosen_joints import ChosenJoints
from ..similarities.own_weights import OwnWeights, load_own_weights, require_ready
from .affinity import (
    NORMALISATIONS,
    affinities,
    between_cells,
    correlation,
    nearby_mass,
    normalised,
    peaks,
    query_patches,
)
from .pair_targets import PairTargets

PHASES = ("embedding", "refinement", "joint")
"""What a training changes, see :class:`CorrespondenceNetwork`."""


@MODELS.register_module()
class ImagePairPreprocessor(PoseDataPreprocessor):
    """mmpose's preprocessor for items of several images of one size, (V, 3, h, w) uint8 each."""

    def forward(self, data: dict, training: bool = False) -> dict:
        """Normalise a batch; ``inputs`` become (B, V, 3, h, w), or (B, 3, h, w) of single images.

        Args:
            data: ``inputs``: B tensors of (V, 3, h, w) or (3, h, w); ``data_samples``.
            training: As in mmengine.
        """
        items = list(data["inputs"])
        views = None if items[0].dim() == 3 else len(items[0])
        if views is not None:
            items = [view for item in items for view in item]
        images = super().forward(dict(inputs=items, data_samples=[]), training)["inputs"]
        if views is not None:
            images = images.unflatten(0, (-1, views))
        return dict(inputs=images, data_samples=data.get("data_samples"))


class EmbeddingNetwork(BaseModule):
    """Backbone and neck that embed whole images, and the temperature of their affinities.

    Args:
        backbone: Config of any backbone.
        neck: Config of a neck. None: the backbone's last map is the embedding.
        init_cfg: As in mmengine.
    """

    def __init__(self, backbone: dict, neck: dict | None = None, init_cfg: dict | None = None):
        super().__init__(init_cfg=init_cfg)
        self.backbone = MODELS.build(backbone)
        self.neck = None if neck is None else MODELS.build(neck)
        self.log_scale = nn.Parameter(torch.tensor(3.0))

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, h / stride, w / stride) of (B, 3, h, w), normalised."""
        maps = self.backbone(images)
        if self.neck is not None:
            maps = self.neck(maps)
        return maps[-1] if isinstance(maps, tuple | list) else maps


@MODELS.register_module()
class CorrespondenceNetwork(BaseModel):
    """Finds points of one image in another, without ever having seen a video's labels.

    Rafi et al., Self-supervised Keypoint Correspondences for Multi-Person Pose Estimation and
    Tracking in Videos, ECCV 2020. Both images are embedded; the 3 x 3 surroundings of a point are
    correlated with the other embedding, and a softmax over all its cells gives the point's
    affinity; a refinement module turns the affinities of a person's joints into confidences.

    It learns from pairs of views of still images whose warp is known (:class:`StillPairDataset`).

    Args:
        backbone: Config of any backbone.
        neck: Config of a neck. None: the last map of the backbone is the embedding.
        refinement: Config of :class:`CorrespondenceRefinement`; ``num_joints`` is set here. None:
            confidences are the affinities within a cell.
        phase: What is trained: ``'embedding'``, ``'refinement'`` (the embedding stays as it is and
            its normalisation layers are in test mode) or ``'joint'``. None: ``'joint'`` with a
            refinement, else ``'embedding'``.
        normalisation: Of the embeddings in affinities, see :func:`normalised`.
        patch: Side of the surroundings of a point, cells, odd (3 in the authors' code).
        stride: Pixels of the input per cell of the embedding.
        keypoint_names: The joints of the refinement's channels. None: PoseTrack18's 17. Data of
            another layout are mapped by name, see :class:`ChosenJoints`.
        num_keypoints: Number of joints, if they have no names.
        affinity_loss: Config of the loss of the affinities.
        confidence_loss: Config of the loss of the confidences.
        max_people: Largest number of people that are refined together, which limits memory.
        checkpoint: Weights to begin with: a file or URL with those of this network, or of a
            tracker that has it.
        data_preprocessor: Config; :class:`ImagePairPreprocessor`.
        init_cfg: As in mmengine.

    Raises:
        ValueError: An option out of its range, or a ``phase`` that needs a refinement.
    """

    def __init__(
        self,
        *,
        backbone: dict,
        neck: dict | None = None,
        refinement: dict | None = None,
        phase: str | None = None,
        normalisation: str = "cosine",
        patch: int = 3,
        stride: int = 4,
        keypoint_names: Sequence[str] | None = None,
        num_keypoints: int | None = None,
        affinity_loss: dict | None = None,
        confidence_loss: dict | None = None,
        max_people: int = 32,
        checkpoint: str | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ):
        preprocessor = dict(data_preprocessor or {})
        preprocessor.setdefault("type", ImagePairPreprocessor)
        super().__init__(data_preprocessor=preprocessor, init_cfg=init_cfg)
        if phase is None:
            phase = "embedding" if refinement is None else "joint"
        _check_options(phase, refinement, normalisation, patch, stride, max_people)
        count = num_keypoints
        if count is None:
            count = len(KEYPOINT_NAMES if keypoint_names is None else keypoint_names)
        self.chosen = ChosenJoints(range(count), num_keypoints, keypoint_names)
        self.embedding = EmbeddingNetwork(backbone, neck)
        self.refinement = None
        if refinement is not None:
            self.refinement = MODELS.build(dict(refinement, num_joints=len(self.chosen)))
        self.phase = phase
        self.normalisation = normalisation
        self.patch = patch
        self.stride = stride
        self.max_people = max_people
        self.affinity_loss = MODELS.build(affinity_loss or dict(type=AffinityLoss))
        self.confidence_loss = MODELS.build(confidence_loss or dict(type=ConfidenceLoss))
        OwnWeights(self.embedding)
        if self.refinement is not None:
            OwnWeights(self.refinement, may_lack=True)
        self.checkpoint = checkpoint
        self._load_own()
        if phase == "refinement":
            self.embedding.requires_grad_(False)

    def _load_own(self) -> None:
        if self.checkpoint is not None:
            inside = "frame_encoder.network."
            load_own_weights(self, self.checkpoint, inside=inside, strict=False)
            require_ready(self.embedding, self.checkpoint)

    def init_weights(self) -> None:
        """As in mmengine, which calls it before a training; the ``checkpoint`` comes after it."""
        super().init_weights()
        self._load_own()

    @property
    def ready(self) -> bool:
        """Whether all its parts were trained, or have weights of a checkpoint."""
        return self.embedding.ready and (self.refinement is None or self.refinement.ready)

    def train(self, mode: bool = True) -> "CorrespondenceNetwork":
        """As in torch; an embedding that is not trained stays in test mode."""
        super().train(mode)
        if self.phase == "refinement":
            self.embedding.eval()
        return self

    def forward(
        self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor"
    ) -> Tensor | dict[str, Tensor] | list[PoseDataSample]:
        """As in mmengine.

        Args:
            inputs: (B, 2, 3, h, w), normalised: pairs of images. ``'tensor'``: also (B, 3, h, w).
            data_samples: With ``gt_instances`` as :class:`PackStillPair` gives them.
            mode: ``'loss'``, ``'predict'`` or ``'tensor'``.

        Returns:
            Losses; samples with ``pred_instances``; or the embeddings.

        Raises:
            ValueError: Another ``mode``, or embeddings of another size than ``stride`` says.
        """
        if mode == "loss":
            return self.loss(inputs, data_samples)
        if mode == "predict":
            return self.predict(inputs, data_samples)
        if mode != "tensor":
            raise ValueError(f"mode must be 'loss', 'predict' or 'tensor', got {mode!r}")
        if inputs.dim() == 4:
            return self._embed(inputs)
        return self._embed(inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])

    def _embed(self, images: Tensor) -> Tensor:
        """(B, C, h / stride, w / stride) of (B, 3, h, w); refuses maps of another size."""
        maps = self.embedding(images)
        size, given = tuple(maps.shape[-2:]), tuple(images.shape[-2:])
        if given != tuple(side * self.stride for side in size):
            raise ValueError(
                f"the embedding of {given[0]} x {given[1]} pixels (h x w) has {size[0]} x "
                f"{size[1]} cells, which is not stride={self.stride}: set the network's stride "
                "to that of its backbone and neck, and give images of a multiple of it"
            )
        return maps

    # ---- parts of the way

    def affinity_logits(self, source: Tensor, target: Tensor, cells: Tensor) -> Tensor:
        """How similar the surroundings of points are to those of all cells, before the softmax.

        Args:
            source: (B, C, h, w), embeddings of the images that the points are in.
            target: (B, C, h', w').
            cells: (B, Q, 2) int64, the cells of the points in ``source``.

        Returns:
            (B, Q, h', w').
        """
        source, target = (normalised(maps, self.normalisation) for maps in (source, target))
        maps = correlation(target, query_patches(source, cells, self.patch))
        if self.normalisation == "cosine":
            maps = maps * (self.embedding.log_scale.exp() / self.patch**2)
        return maps

    def confidences(
        self, shared: Tensor | None, pairs: Tensor, maps: Tensor, valid: Tensor
    ) -> Tensor:
        """The confidences of the joints of P people.

        Args:
            shared: Of the pairs of frames, :meth:`CorrespondenceRefinement.shared`; None without
                a refinement.
            pairs: (P,) int64, the pair of each person.
            maps: (P, J, h, w), affinities.
            valid: (P, J) bool.

        Returns:
            (P, J, h, w) in [0, 1]; zero for a joint that is not valid.
        """
        if self.refinement is None:
            return nearby_mass(maps)
        parts = [
            self.refinement(shared, pairs[i : i + self.max_people], maps[i : i + self.max_people])
            for i in range(0, len(maps), self.max_people)
        ]
        return torch.cat(parts).float().sigmoid() * valid[..., None, None] if parts else maps

    def found(self, confidences: Tensor, affinities: Tensor) -> tuple[Tensor, Tensor]:
        """Where the confidences are highest.

        Args:
            confidences: (P, J, h, w), of :meth:`confidences`.
            affinities: (P, J, h, w), that they were made of; without a refinement these say where
                a point lies between the cells.

        Returns:
            (P, J) scores, and (P, J, 2) float cells.
        """
        scores, cells = peaks(confidences)
        maps = affinities if self.refinement is None else confidences
        return scores, between_cells(maps, cells)

    # ---- training and validation on pairs of views

    def loss(self, inputs: Tensor, data_samples: Sequence[PoseDataSample]) -> dict[str, Tensor]:
        """``loss_affinity`` and ``loss_confidence``, as the phase says.

        ``acc_affinity`` is the share of the visible points whose affinity is highest within a
        cell of where they are.

        Raises:
            ValueError: Phase 'refinement', and the embedding has random weights.
        """
        if self.phase == "refinement" and not self.embedding.ready:
            raise ValueError(
                "phase='refinement' trains on an embedding that stays as it is, and this one has "
                "random weights: give the checkpoint of phase 'embedding' as load_from, or as "
                "the network's checkpoint"
            )
        pairs = PairTargets.of(data_samples, self.stride, inputs.device)
        first, second = self.forward(inputs).unbind(1)
        logits = self.affinity_logits(first, second, pairs.query_cells)
        losses = {}
        if self.phase != "refinement":
            losses["loss_affinity"] = self.affinity_loss(logits, pairs.cells, pairs.visible)
        with torch.no_grad():
            near = (peaks(logits)[1] - pairs.cells).abs().amax(-1) <= 1
            share = (near & pairs.visible).sum() / pairs.visible.sum().clamp(min=1)
            losses["acc_affinity"] = share
        if self.phase != "embedding":
            losses["loss_confidence"] = self._refined_loss(first, second, logits, pairs)
        if torch.is_grad_enabled():
            self.embedding.ready |= self.phase != "refinement"
            if self.phase != "embedding":
                self.refinement.ready = True
        return losses

    def _refined_loss(
        self, first: Tensor, second: Tensor, logits: Tensor, pairs: PairTargets
    ) -> Tensor:
        maps = pairs.by_person(affinities(logits, pairs.valid))
        cells, valid, visible = map(pairs.by_person, (pairs.cells, pairs.valid, pairs.visible))
        owners = pairs.owners
        some = valid.any(1)
        if some.any():
            maps, cells, valid, visible = (x[some] for x in (maps, cells, valid, visible))
            owners = owners[some]
        refined = self.refinement(self.refinement.shared(first, second), owners, maps)
        return self.confidence_loss(refined, cells, valid, visible)

    @torch.no_grad()
    def predict(
        self, inputs: Tensor, data_samples: Sequence[PoseDataSample]
    ) -> list[PoseDataSample]:
        """Find the queries of each pair.

        Returns:
            The samples with ``pred_instances``: ``points`` (G, J, 2), pixels of the second view,
            and ``scores`` (G, J) of the confidences, ``raw_points`` and ``raw_scores`` of the
            affinities, numpy; and the metainfo ``cell_size``, pixels.
        """
        pairs = PairTargets.of(data_samples, self.stride, inputs.device)
        first, second = self.forward(inputs).unbind(1)
        logits = self.affinity_logits(first, second, pairs.query_cells)
        maps = pairs.by_person(affinities(logits, pairs.valid))
        raw = nearby_mass(maps)
        shared = None
        if self.refinement is not None:
            shared = self.refinement.shared(first, second)
        refined = self.confidences(shared, pairs.owners, maps, pairs.by_person(pairs.valid))
        scores, cells = peaks(raw)
        answers = {"": self.found(refined, maps), "raw_": (scores, between_cells(maps, cells))}
        found = {}
        for prefix, (scores, places) in answers.items():
            points = (places + 0.5) * self.stride - 0.5
            found[f"{prefix}points"] = points.unflatten(0, pairs.shape[:2]).cpu().numpy()
            found[f"{prefix}scores"] = scores.unflatten(0, pairs.shape[:2]).cpu().numpy()
        for i, sample in enumerate(data_samples):
            rows = {name: value[i] for name, value in found.items()}
            sample.pred_instances = InstanceData(**rows)
            sample.set_metainfo(dict(cell_size=float(self.stride)))
        return list(data_samples)


def _check_options(
    phase: str,
    refinement: dict | None,
    normalisation: str,
    patch: int,
    stride: int,
    max_people: int,
) -> None:
    if phase not in PHASES:
        raise ValueError(f"phase must be one of {', '.join(PHASES)}, got {phase!r}")
    if (phase == "embedding") != (refinement is None):
        raise ValueError(
            f"phase={phase!r} with refinement={'None' if refinement is None else 'a config'}: "
            "'embedding' trains a network without refinement, the others one that has it"
        )
    if normalisation not in NORMALISATIONS:
        raise ValueError(
            f"normalisation must be one of {', '.join(NORMALISATIONS)}, got {normalisation!r}"
        )
    if patch < 1 or patch % 2 == 0:
        raise ValueError(f"patch must be odd and positive, got {patch}")
    if stride < 1 or max_people < 1:
        raise ValueError(f"stride and max_people must be 1 or more, got {stride}, {max_people}")
