"""Poses as tokens, and tokens as vectors.

Source: Snower et al., 15 Keypoints Is All You Need, CVPR 2020, section 3.2 and Table 3.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .matching_network import start_weights

POSITIONS = ("absolute", "relative")
"""Kinds of position tokens."""


def position_cells(keypoints: Tensor, frame_size: Tensor, resolution: tuple[int, int]) -> Tensor:
    """Cells of keypoints in the downsampled frame (Eq. 1), counted row by row from 0.

    Args:
        keypoints: (..., K, 2), image pixels; the centre of the top-left pixel is (0, 0), so the
            frame reaches from -0.5 to its width - 0.5. What is outside takes the nearest cell.
        frame_size: (..., 2) width and height in pixels, positive.
        resolution: Columns and rows of cells.

    Returns:
        (..., K) int64, in [0, columns * rows).
    """
    cells = keypoints.new_tensor(resolution)
    places = (keypoints + 0.5) * (cells / frame_size)[..., None, :]
    # Clamped before the cast: a number without an integer has no defined one.
    places = places.nan_to_num(0).clamp_(min=0).minimum(cells - 0.5).long()
    return places[..., 1] * resolution[0] + places[..., 0]


def relative_cells(
    keypoints: Tensor, visible: Tensor, frame_size: Tensor, resolution: tuple[int, int]
) -> Tensor:
    """Cells of keypoints if the pose's centre were moved to the centre of the frame.

    Choice: the paper says "the relative keypoint distance from the pose center". The centre is
    the mean of the visible keypoints, and the cells are those of :func:`position_cells`, so that
    the rows of Table 3 compare at the same table size.

    Args:
        keypoints: (..., K, 2), image pixels.
        visible: (..., K) bool.
        frame_size: (..., 2) width and height in pixels, positive.
        resolution: Columns and rows of cells.

    Returns:
        (..., K) int64, in [0, columns * rows).
    """
    seen = visible[..., None]
    count = seen.sum(-2).clamp(min=1)
    center = keypoints.where(seen, keypoints.new_zeros(())).sum(-2) / count
    middle = (frame_size - 1) / 2
    return position_cells(keypoints + (middle - center)[..., None, :], frame_size, resolution)


class TokenEmbedding(nn.Module):
    """Sum of learned position, type and segment vectors, then layer norm and dropout as in BERT.

    What belongs to a pose alone (position, type) is apart from what belongs to a pair (segment:
    the distance in time), so that a pose is embedded once.

    The position of an invisible keypoint is ignored: it adds no position vector. Choice:
    the mask of the attention keeps it out as a key, but the first keypoint is the one that is
    pooled, visible or not.

    Segments: choice, 0 for the current pose and d for one d frames before, d <= ``max_distance``.
    Eq. 3 gives the current pose 1, which would not distinguish it from a premise at d = 1.

    Args:
        num_joints: J, types of keypoints.
        hidden: H, length of a vector.
        resolution: Columns and rows of position cells.
        position: ``'absolute'``, ``'relative'`` or both (Table 3).
        use_type: Add type vectors.
        use_segment: Add segment vectors.
        max_distance: Longest distance in time, frames (delta of the paper).
        dropout: Probability.

    Raises:
        ValueError: An option out of its range.
    """

    def __init__(
        self,
        *,
        num_joints: int,
        hidden: int = 128,
        resolution: Sequence[int] = (24, 18),
        position: Sequence[str] = ("absolute",),
        use_type: bool = True,
        use_segment: bool = True,
        max_distance: int = 4,
        dropout: float = 0.1,
    ):
        super().__init__()
        kinds = (position,) if isinstance(position, str) else tuple(position)
        if not kinds or len(set(kinds)) != len(kinds) or not set(kinds) <= set(POSITIONS):
            raise ValueError(f"position must be some of {POSITIONS}, each once, got {position!r}")
        if len(resolution) != 2 or min(resolution) < 1:
            raise ValueError(
                f"resolution must be columns and rows of cells, 1 or more, got {resolution}"
            )
        if max_distance < 1:
            raise ValueError(f"max_distance must be 1 frame or more, got {max_distance}")
        self.resolution = (int(resolution[0]), int(resolution[1]))
        self.max_distance = max_distance
        cells = self.resolution[0] * self.resolution[1]
        self.positions = nn.ModuleDict({kind: nn.Embedding(cells, hidden) for kind in kinds})
        self.types = nn.Embedding(num_joints, hidden) if use_type else None
        self.segments = nn.Embedding(max_distance + 1, hidden) if use_segment else None
        self.norm = nn.LayerNorm(hidden)
        self.dropout = nn.Dropout(dropout)
        # 18 x 24 cells would load into a table of 24 x 18.
        self.register_buffer("cells", torch.tensor(self.resolution))
        self.apply(start_weights)

    def poses(self, keypoints: Tensor, visible: Tensor, frame_size: Tensor) -> Tensor:
        """What belongs to the poses alone.

        Args:
            keypoints: (..., J, 2), image pixels.
            visible: (..., J) bool.
            frame_size: (..., 2) width and height in pixels, positive.

        Returns:
            (..., J, H).
        """
        vectors: Tensor | None = None
        for kind, table in self.positions.items():
            if kind == "absolute":
                cells = position_cells(keypoints, frame_size, self.resolution)
            else:
                cells = relative_cells(keypoints, visible, frame_size, self.resolution)
            vectors = table(cells) if vectors is None else vectors + table(cells)
        vectors = vectors * visible[..., None]
        return vectors if self.types is None else vectors + self.types.weight

    def forward(self, vectors: Tensor, distance: Tensor) -> Tensor:
        """Complete the tokens of poses by their distance in time.

        Args:
            vectors: (M, J, H), of :meth:`poses`.
            distance: (M,) int64, 0 (the current pose) to ``max_distance`` frames.

        Returns:
            (M, J, H).
        """
        if self.segments is not None:
            vectors = vectors + self.segments(distance)[:, None]
        return self.dropout(self.norm(vectors))

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args, **kwargs) -> None:
        stored = state_dict.get(f"{prefix}cells")
        if stored is not None and tuple(stored.tolist()) != self.resolution:
            raise ValueError(
                f"the checkpoint was trained with the resolution {tuple(stored.tolist())}, the "
                f"config has {self.resolution}: set the similarity's resolution to the former"
            )
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
