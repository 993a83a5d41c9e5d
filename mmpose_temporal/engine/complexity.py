"""Parameters and multiply-adds of what a config builds, by module.

Counted are the multiply-adds of matrix products, convolutions and attention, by tracing one pass
(mmengine's FlopAnalyzer): a multiplication and the addition after it count as one, so floating
point operations are twice as many. Look-ups, norms, activations and softmax are not counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from mmengine.analysis import FlopAnalyzer
from torch import Tensor, nn

from mmpose_temporal.models import PoseEntailment, Similarity, TrackEntailment

UNCOUNTED = (
    "aten::batch_norm",
    "aten::group_norm",
    "aten::layer_norm",
    "aten::instance_norm",
    "aten::upsample_nearest2d",
    "aten::upsample_bilinear2d",
    "aten::adaptive_avg_pool2d",
    "aten::grid_sampler",
)
"""What FlopAnalyzer counts in addition to multiply-adds."""

ENTAILMENT_MODULES = {
    "embeddings": "embedding",
    "transformers": "network.layers",
    "pooler": "network.pooler",
    "classifier": "network.classifier",
}
"""Rows of KeyTrack's Table 6 and the modules of :class:`PoseEntailment`."""

TRACK_MODULES = ("tokens", "network.layers", "network.pooler", "network.classifier")
"""Modules of :class:`TrackEntailment`, which is not the paper's."""

PAPER = {
    "embeddings": (0.06, 0.35),
    "transformers": (0.40, 5.84),
    "pooler": (0.02, 0.015),
    "classifier": (0.01, 0.02),
    "PoseEntailment": (0.41, 6.20),
    "GCNSimilarity": (0.1, 1.30),
}
"""Parameters and FLOPs in millions, as KeyTrack's Table 6 states them."""


COUNTED = (
    "Counted: multiply-adds of matrix products, convolutions and attention (one multiplication "
    "with its addition is 1, so FLOPs are twice as many). Not counted: look-ups, norms, "
    "activations, softmax. Paper: Table 6 of KeyTrack (CVPR 2020), of its own network."
)

NOTHING_READ = (
    "The memory has nothing to read here, so it costs nothing above; a read costs as much as is "
    "stored: see benchmarks/bench_ptm.py."
)


@dataclass(frozen=True)
class ModuleCost:
    """What a module costs.

    Attributes:
        name: Of the module, or its row in the paper.
        parameters: Number of weights.
        multiply_adds: Of one pass.
    """

    name: str
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Complexity:
    """What one pass of a network costs.

    Attributes:
        name: Of the network.
        unit: What goes through in one pass.
        modules: Its parts.
        total: The whole.
    """

    name: str
    unit: str
    modules: tuple[ModuleCost, ...]
    total: ModuleCost

    def __str__(self) -> str:
        lines = [
            f"{self.name}, a {self.unit}",
            f"{'':26}{'parameters':>14}{'paper (M)':>11}{'multiply-adds':>16}{'paper (M)':>11}",
        ]
        for module in (*self.modules, self.total):
            label = "total" if module is self.total else module.name
            stated = PAPER.get(module.name, ("", ""))
            lines.append(
                f"{label:26}{module.parameters:>14,}{stated[0]:>11}"
                f"{int(module.multiply_adds):>16,}{stated[1]:>11}"
            )
        return "\n".join(lines)


def why_not_the_paper(similarity: PoseEntailment) -> str:
    """Why the cost of a matching network is not that of Table 6, with its numbers."""
    network, joints = similarity.network, len(similarity.chosen)
    layers, hidden = len(network.layers), network.hidden
    intermediate = network.layers[0].widen.out_features

    def encoder(tokens: int) -> int:
        products = 4 * hidden**2 + 2 * hidden * intermediate
        return layers * (tokens * products + 2 * tokens**2 * hidden)

    pair, pose = encoder(2 * joints), encoder(joints)
    return (
        f"Why it differs: a pair has 2 x {joints} tokens (A.5, Table 5), which take "
        f"{pair / 1e6:.2f} M multiply-adds in all rows of all {layers} layers. The last layer is "
        "asked for its first row only, as nothing else is read. In a frame the first layer's "
        "queries, keys and values are made once per pose, not per pair. The tokens of one pose "
        f"alone would take {pose / 1e6:.2f} M = {pose / 2**20:.3f} x 2^20, for the paper's "
        "network 5.845, which is its 5.84: Table 6 seems to count one pose, in units of 2^20. "
        "Its 0.35 for the embeddings is no count of ours: a look-up multiplies nothing. Its "
        "parameters add up to 0.49 M, its total of 0.41 M is that without the embeddings."
    )


class _OnePair(nn.Module):
    """The training pass of a similarity, with tensors as arguments so that it can be traced."""

    def __init__(self, similarity: Similarity, names: Sequence[str]):
        super().__init__()
        self.similarity = similarity
        self.names = names

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.similarity.loss(dict(zip(self.names, inputs, strict=True))).values())


class _Raw(nn.Module):
    """The raw output of a pose estimator."""

    def __init__(self, estimator: nn.Module):
        super().__init__()
        self.estimator = estimator

    def forward(self, crops: Tensor) -> Any:
        return self.estimator(crops, None, mode="tensor")


def similarity_complexity(similarity: Similarity) -> Complexity:
    """Cost of scoring one pair of poses, each on its own, or a pose and a track, once.

    Args:
        similarity: One that learns from pairs.

    Raises:
        TypeError: It has nothing to learn.
    """
    unit, parts = "pair of poses", None
    if isinstance(similarity, PoseEntailment):
        parts = ENTAILMENT_MODULES
    elif isinstance(similarity, TrackEntailment):
        unit, parts = "pose and track, judged once", {name: name for name in TRACK_MODULES}
    inputs = _one_pair(similarity)
    counter = _counter(_OnePair(similarity, tuple(inputs)), tuple(inputs.values()))
    return _complexity(similarity, counter, "similarity", unit, parts)


def _one_pair(similarity: Similarity) -> dict[str, Tensor]:
    """What a similarity trains on, of one pair."""
    chosen = getattr(similarity, "chosen", None)
    joints = 17 if chosen is None else chosen.num_keypoints
    if isinstance(similarity, TrackEntailment):
        history = similarity.history
        return dict(
            current=torch.rand(1, 1, joints, 3),
            history=torch.rand(1, 1, history, joints, 3),
            ages=torch.arange(1.0, history + 1)[None, None],
            motion=torch.zeros(1, 1, 2),
            support=torch.zeros(1, 1, 2),
            labels=torch.ones(1, 1, dtype=torch.int64),
        )
    width, height = getattr(similarity, "resolution", (1, 1))
    return dict(
        keypoints=torch.rand(1, 2, joints, 2) * 100,
        keypoint_scores=torch.ones(1, 2, joints),
        boxes=torch.tensor([[[0.0, 0.0, 100.0, 100.0]] * 2]),
        frame_size=torch.tensor([[640.0, 480.0]]),
        distance=torch.ones(1, dtype=torch.int64),
        labels=torch.ones(1, dtype=torch.int64),
        crops=torch.zeros(1, 2, 3, height, width, dtype=torch.uint8),
    )


def estimator_complexity(estimator: nn.Module, shape: Sequence[int]) -> Complexity:
    """Cost of one crop.

    Args:
        estimator: A top-down pose estimator of mmpose.
        shape: Height and width of the crop in pixels.

    Raises:
        ValueError: The estimator does not take such crops.
    """
    counter = _counter(_Raw(estimator), (torch.zeros(1, 3, *shape),))
    unit = f"crop of {shape[1]}x{shape[0]}"
    try:
        return _complexity(estimator, counter, "estimator", unit, None)
    except RuntimeError as error:
        raise ValueError(f"{type(estimator).__name__} does not take a {unit}: {error}") from error


def _counter(network: nn.Module, inputs: tuple[Tensor, ...]) -> FlopAnalyzer:
    counter = FlopAnalyzer(network.eval(), inputs)
    counter.set_op_handle(**dict.fromkeys(UNCOUNTED, _nothing))
    counter.set_op_handle("aten::scaled_dot_product_attention", _attention_cost)
    return counter.unsupported_ops_warnings(False).uncalled_modules_warnings(False)


def _nothing(inputs: list[Any], outputs: list[Any]) -> int:
    """FlopAnalyzer goes on counting what it knows if it is asked to ignore it."""
    return 0


def _attention_cost(inputs: list[Any], outputs: list[Any]) -> int:
    """Queries times keys, and weights times values."""
    query, key, value = (x.type().sizes() for x in inputs[:3])
    return prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


@torch.no_grad()
def _complexity(
    network: nn.Module,
    counter: FlopAnalyzer,
    prefix: str,
    unit: str,
    parts: dict[str, str] | None,
) -> Complexity:
    costs = counter.by_module()
    if parts is None:
        parts = {name: name for name, _ in network.named_children()}
    modules = [
        ModuleCost(row, _parameters(network.get_submodule(name)), costs[f"{prefix}.{name}"])
        for row, name in parts.items()
    ]
    kind = type(network).__name__
    total = ModuleCost(kind, _parameters(network), costs[""])
    rest = ModuleCost(
        "outside of these",
        total.parameters - sum(module.parameters for module in modules),
        total.multiply_adds - sum(module.multiply_adds for module in modules),
    )
    if rest.parameters or rest.multiply_adds:
        modules.append(rest)
    kept = tuple(m for m in modules if m.parameters or m.multiply_adds)
    return Complexity(kind, unit, kept, total)


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
