"""Parts of an estimator that compute something for each person beyond the pose."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from mmengine.model import BaseModule
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from mmpose_temporal.structures.people import MMPOSE_FIELDS


@dataclass(frozen=True, slots=True)
class EstimatedCrops:
    """What an estimator has computed of B crops when they are described.

    Attributes:
        feats: Feature maps after backbone and neck, (B, C_i, H_i, W_i) each.
        mirrored: Those of the mirrored crops, not mirrored back; None without the flip test.
        heatmaps: (B, K, H, W), with the flip test averaged as in mmpose. None if the head
            has none, or nobody asked for them (:attr:`Describer.needs_heatmaps`).
        instances: What the head decoded of each crop, ``keypoints`` (1, K, 2) in pixels of the
            crop and ``keypoint_scores`` (1, K), numpy.
        samples: Of the crops, with ``input_center`` and ``input_scale`` in image pixels, and
            whatever the tracker has put in.
    """

    feats: tuple[Tensor, ...]
    mirrored: tuple[Tensor, ...] | None
    heatmaps: Tensor | None
    instances: Sequence[InstanceData]
    samples: Sequence[PoseDataSample]

    def __len__(self) -> int:
        return len(self.samples)


class Describer(BaseModule, ABC):
    """Computes rows for each person that the parts after the estimator need.

    Each row that it returns becomes a field of the sample's ``pred_instances`` under its own
    name, in addition to the pose; a tracker keeps it with the person. Any number of describers
    can be combined if their names differ. A describer may own weights; those of the
    estimator's other parts are reached through :meth:`bind`.
    """

    needs_heatmaps: ClassVar[bool] = False
    """Whether :attr:`EstimatedCrops.heatmaps` must be there."""

    def bind(self, estimator: nn.Module) -> None:
        """Take what it needs of the estimator, whose networks are built by then.

        Keep a module in a :class:`Shared`, so that ``nn.Module`` does not register it again.

        Raises:
            ValueError: The estimator lacks it.
        """

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The rows that :meth:`describe` returns, known once it is bound."""

    @abstractmethod
    def describe(self, crops: EstimatedCrops) -> dict[str, Tensor]:
        """Describe B people, the one of each crop.

        Args:
            crops: Of the B people.

        Returns:
            A tensor of B rows for each of :attr:`names`; it may lie on the network's device.
        """


def build_describers(configs: Sequence[dict], estimator: nn.Module) -> nn.ModuleList:
    """Build describers and bind them to their estimator.

    Raises:
        TypeError: One of them is no :class:`Describer`.
        ValueError: Two of them return rows of one name, or one has the name of a field of
            mmpose; or a describer lacks something.
    """
    parts = nn.ModuleList(MODELS.build(config) for config in configs)
    names = Counter(MMPOSE_FIELDS)
    for part in parts:
        if not isinstance(part, Describer):
            raise TypeError(f"describers holds a {type(part).__name__}, which is no Describer")
        part.bind(estimator)
        names.update(part.names)
    clashes = sorted(name for name, count in names.items() if count > 1)
    if clashes:
        given = "; ".join(f"{type(part).__name__}: {', '.join(part.names)}" for part in parts)
        raise ValueError(
            f"{', '.join(clashes)}: two describers answer rows of one name, or one has the name "
            f"of a field of mmpose ({given})"
        )
    return parts


def describe(parts: Sequence[Describer], crops: EstimatedCrops) -> dict[str, Tensor]:
    """The rows of all describers.

    Raises:
        ValueError: A describer returns other names than it has, or another number of rows.
    """
    found: dict[str, Tensor] = {}
    for part in parts:
        rows = part.describe(crops)
        wrong = {name: len(x) for name, x in rows.items() if len(x) != len(crops)}
        if set(rows) != set(part.names) or wrong:
            raise ValueError(
                f"{type(part).__name__} must answer {', '.join(part.names)} with {len(crops)} "
                f"rows each, got { {name: len(x) for name, x in rows.items()} }"
            )
        found.update(rows)
    return found


def find_describer(estimator: nn.Module, name: str) -> Describer | None:
    """The describer of an estimator that returns the rows ``name``; None: there is none."""
    parts = getattr(estimator, "describers", ())
    return next((part for part in parts if name in part.names), None)


def require_heatmaps(estimator: nn.Module, asker: str) -> None:
    """Check that an estimator's head has a heatmap for each keypoint, and all keypoints.

    Args:
        estimator: With ``head`` and ``test_cfg``, as mmpose's top-down estimators.
        asker: Who needs them, for the error.

    Raises:
        ValueError: It has none, leaves out keypoints, or mirrors heatmaps in another way than
            ``flip_mode='heatmap'``.
    """
    if estimator.test_cfg.get("output_keypoint_indices") is not None:
        raise ValueError(
            f"test_cfg.output_keypoint_indices does not go with {asker}, which needs all keypoints"
        )
    flip_mode = estimator.test_cfg.get("flip_mode", "heatmap")
    if estimator.test_cfg.get("flip_test", False) and flip_mode != "heatmap":
        raise ValueError(
            f"test_cfg.flip_mode is '{flip_mode}', but {asker} needs one heatmap per keypoint, "
            "which is mirrored by flip_mode='heatmap'"
        )
    decoder = getattr(estimator.head, "decoder", None) if estimator.with_head else None
    combined = getattr(decoder, "heatmap_type", "gaussian") == "combined"
    if not hasattr(decoder, "heatmap_size") or combined:
        raise ValueError(
            f"{asker} needs a head with one heatmap per keypoint: HeatmapHead with the codec "
            "MSRAHeatmap or UDPHeatmap (heatmap_type='gaussian')"
        )
