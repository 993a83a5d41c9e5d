"""What a batch of pairs of views asks for, on the grid of the embeddings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmpose.structures import PoseDataSample
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class PairTargets:
    """The queries of B pairs of views, G groups (people) of J joints each, Q = G J.

    Attributes:
        shape: B, G, J.
        query_cells: (B, Q, 2) int64, the cell of each query in the first view; (0, 0) for those
            that are not valid.
        cells: (B, Q, 2) float, where it is in the second view.
        valid: (B, Q) bool.
        visible: (B, Q) bool.
    """

    shape: tuple[int, int, int]
    query_cells: Tensor
    cells: Tensor
    valid: Tensor
    visible: Tensor

    @classmethod
    def of(
        cls, samples: Sequence[PoseDataSample], stride: int, device: torch.device
    ) -> "PairTargets":
        """Read the samples of :class:`PackStillPair`.

        Args:
            samples: With ``gt_instances`` of the same G and J, and the metainfo ``input_size``.
            stride: Pixels of a cell.
            device: Of the answer.

        Raises:
            ValueError: The samples have other numbers of groups or joints.
        """
        rows = [sample.gt_instances for sample in samples]
        shapes = {tuple(r.queries.shape) for r in rows}
        if len(shapes) != 1:
            raise ValueError(
                f"the pairs of a batch must have the same number of groups and joints, got "
                f"{sorted(shapes)}: set num_people, num_random and the layout alike"
            )

        def stack(name: str) -> Tensor:
            values = np.stack([np.asarray(getattr(r, name)) for r in rows])
            return torch.from_numpy(values).to(device).flatten(1, 2)

        valid = stack("valid").bool()
        visible = stack("visible").bool() & valid
        queries = torch.where(valid[..., None], stack("queries").float(), 0)
        targets = torch.where(visible[..., None], stack("targets").float(), 0)
        size = np.stack([np.asarray(sample.input_size) for sample in samples])
        last = torch.from_numpy(size // stride - 1).to(device)[:, None]
        cells = ((queries + 0.5) / stride).floor().long().clamp(min=0).minimum(last)
        shape = (len(rows), *rows[0].queries.shape[:2])
        return cls(shape, cells, (targets + 0.5) / stride - 0.5, valid, visible)

    def by_person(self, rows: Tensor) -> Tensor:
        """(B G, J, ...) of (B, Q, ...)."""
        batch, groups, joints = self.shape
        return rows.reshape(batch * groups, joints, *rows.shape[2:])

    @property
    def owners(self) -> Tensor:
        """(B G,) int64: the pair of each group."""
        batch, groups, _ = self.shape
        return torch.arange(batch, device=self.cells.device).repeat_interleave(groups)
