"""The G classifiers of TKMR's matching module as one batched operation."""

import math

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

CHUNK = 512
"""Pairs that are scored in one go: 17 x 512 x 256 floats are 9 MB, near the size of a cache."""


class KeypointClassifiers(BaseModule):
    """G classifiers FC C - ReLU - FC C - ReLU - FC 2 on the concatenation of two features.

    Classifier g predicts whether two features of type g belong to one person (TKMR section 3.2 and
    supplement, Table 2; the paper names no activation: ReLU, choice). The first layer acts on
    ``[a ; b]``, so it is the sum of a part for ``a`` and one for ``b`` (with the bias), which
    :meth:`project` computes once per feature; pairs only add them.

    Args:
        num_classifiers: G.
        in_channels: Channels of one feature.
        channels: C, outputs of the first two layers.
        init_cfg: As in mmengine.

    Raises:
        ValueError: A number is not positive.
    """

    def __init__(
        self,
        *,
        num_classifiers: int,
        in_channels: int = 256,
        channels: int = 256,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg)
        if min(num_classifiers, in_channels, channels) < 1:
            raise ValueError(
                "num_classifiers, in_channels and channels must be positive, got "
                f"{num_classifiers}, {in_channels} and {channels}"
            )
        self.num_classifiers = num_classifiers
        self.in_channels = in_channels
        self.weight1 = nn.Parameter(torch.empty(num_classifiers, 2 * in_channels, channels))
        self.bias1 = nn.Parameter(torch.empty(num_classifiers, channels))
        self.weight2 = nn.Parameter(torch.empty(num_classifiers, channels, channels))
        self.bias2 = nn.Parameter(torch.empty(num_classifiers, channels))
        self.weight3 = nn.Parameter(torch.empty(num_classifiers, channels, 2))
        self.bias3 = nn.Parameter(torch.empty(num_classifiers, 2))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """As torch initialises nn.Linear, uniform in +-1 / sqrt(inputs), but as a comparison.

        The first layer begins with the weights of ``b`` the negative of those of ``a``, so that
        the network starts out looking at ``a - b``, from which equal and unequal features are
        told apart (choice; the paper has no initialisation). Small networks learn much faster so:
        a cross entropy of 0.23 instead of 0.29 after 600 iterations in a trial.
        """
        for layer in (1, 2, 3):
            weight = getattr(self, f"weight{layer}")
            bound = 1 / math.sqrt(weight.shape[1])
            nn.init.uniform_(weight, -bound, bound)
            nn.init.uniform_(getattr(self, f"bias{layer}"), -bound, bound)
        with torch.no_grad():
            self.weight1[:, self.in_channels :] = -self.weight1[:, : self.in_channels]

    def project(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The two halves of the first layer.

        Args:
            features: (..., G, in_channels).

        Returns:
            ``first`` and ``second``, (..., G, C) each: what the feature adds as the first of a
            pair, and as the second (with the bias).
        """
        flat = features.reshape(-1, self.num_classifiers, self.in_channels).transpose(0, 1)
        halves = flat[:, None] @ self.weight1.unflatten(1, (2, self.in_channels))
        first, second = halves.permute(1, 2, 0, 3)
        # a copy, so that who keeps the second half does not hold the first one too
        first, second = first.contiguous(), second + self.bias1
        return tuple(half.view(*features.shape[:-1], half.shape[-1]) for half in (first, second))

    def project_first(self, features: Tensor) -> Tensor:
        """Only the first half of :meth:`project`, for features that are never second."""
        flat = features.reshape(-1, self.num_classifiers, self.in_channels).transpose(0, 1)
        half = torch.bmm(flat, self.weight1[:, : self.in_channels]).transpose(0, 1)
        return half.reshape(*features.shape[:-1], half.shape[-1])

    def logits(self, first: Tensor, second: Tensor) -> Tensor:
        """Two classes for each pair; the shapes are those of a broadcast sum.

        Args:
            first: (..., G, C) from :meth:`project`.
            second: (..., G, C), likewise; broadcasts against ``first``.

        Returns:
            (..., G, 2): not the same person, the same person.
        """
        hidden = torch.relu(first + second)
        shape = hidden.shape[:-2]
        hidden = hidden.reshape(-1, *hidden.shape[-2:]).transpose(0, 1)
        hidden = torch.baddbmm(self.bias2[:, None], hidden, self.weight2).relu_()
        out = torch.baddbmm(self.bias3[:, None], hidden, self.weight3)
        return out.transpose(0, 1).reshape(*shape, self.num_classifiers, 2)

    def probabilities(self, first: Tensor, second: Tensor) -> Tensor:
        """(..., G) in [0, 1]: the softmax of :meth:`logits` for the same person."""
        return self.logits(first, second).softmax(-1)[..., 1]

    @torch.no_grad()
    def pair_probabilities(
        self, first: Tensor, second: Tensor, rows: Tensor, columns: Tensor
    ) -> Tensor:
        """Probabilities of chosen pairs, for inference.

        Args:
            first: (M, G, C) from :meth:`project`, the people in the first place.
            second: (N, G, C), those in the second.
            rows: (P,) int64, the first of each pair.
            columns: (P,) int64, its second.

        Returns:
            (P, G) in [0, 1].
        """
        if not len(rows):
            return first.new_zeros((0, self.num_classifiers))
        first, second = first.transpose(0, 1), second.transpose(0, 1)
        # the softmax of two is the sigmoid of their difference
        weight = (self.weight3[..., 1] - self.weight3[..., 0])[:, None]
        bias = self.bias3[:, 1:] - self.bias3[:, :1]
        found = []
        for i, j in zip(rows.split(CHUNK), columns.split(CHUNK), strict=True):
            hidden = first.index_select(1, i).add_(second.index_select(1, j)).relu_()
            hidden = torch.bmm(hidden, self.weight2).add_(self.bias2[:, None]).relu_()
            # no bmm: products with one column are slow, with several threads above all
            found.append(hidden.mul_(weight).sum(-1) + bias)
        return torch.cat(found, dim=1).sigmoid_().T
