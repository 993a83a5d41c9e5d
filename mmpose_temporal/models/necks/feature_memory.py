"""Reading and writing the memories of people: the pure part of PTM."""

from dataclasses import dataclass
from typing import Literal

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional

from .attention import (
    coda_attention,
    coda_weights,
    vanilla_attention,
    vanilla_weights,
)
from .cell_places import CellPlaces
from .keypoint_quality import SavedKeypoints, check_kernel, keypoint_quality, replace_keypoints
from .precision import within_range
from .stored_entries import Entries

ATTENTIONS = ("vanilla", "coda", "auto")


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """What :meth:`PoseTemporalMemory.write` makes of the feature maps of B people.

    Attributes:
        keys: (B, S, n, c'), of S sides: the crop, and the mirrored crop.
        values: (B, S, n, c).
        stored: (B,) bool, whose entry is good enough to be stored.
        saved: The saved keypoints, whether or not the entry is stored.
        replaced: (B, K) bool, keypoints whose cells were replaced.
    """

    keys: Tensor
    values: Tensor
    stored: Tensor
    saved: SavedKeypoints
    replaced: Tensor


class FeatureMemory(BaseModule):
    """Reads what is stored about people, and makes what is to be stored; it stores nothing itself.

    Its options are those of :class:`PoseTemporalMemory`.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        embed_channels: int = 256,
        num_heads: int = 8,
        attention: Literal["vanilla", "coda", "auto"] = "auto",
        in_index: int = -1,
        read_stride: int = 1,
        capacity: int = 16,
        position: bool = False,
        crowd_size: float = 8.0,
        high_thr: float = 0.98,
        low_thr: float = 0.8,
        heatmap_thr: float = 14.0,
        replacement: bool = True,
        blur_kernel: int | None = None,
        detach: bool = True,
        max_weights: int | None = None,
        init_cfg: dict | list | None = None,
    ):
        super().__init__(init_cfg)
        _check_options(
            dict(
                in_channels=in_channels,
                embed_channels=embed_channels,
                num_heads=num_heads,
                read_stride=read_stride,
                capacity=capacity,
                max_weights=1 if max_weights is None else max_weights,
            ),
            attention,
        )
        if low_thr > high_thr:
            raise ValueError(f"low_thr must be at most high_thr, got {low_thr} and {high_thr}")
        if blur_kernel is not None:
            check_kernel(blur_kernel)
        self.in_channels, self.embed_channels = in_channels, embed_channels
        self.num_heads, self.attention, self.in_index = num_heads, attention, in_index
        self.read_stride, self.capacity, self.crowd_size = read_stride, capacity, crowd_size
        self.high_thr, self.low_thr, self.heatmap_thr = high_thr, low_thr, heatmap_thr
        self.replacement, self.blur_kernel, self.detach = replacement, blur_kernel, detach
        self.max_weights = max_weights
        self.to_key = nn.Conv2d(in_channels, embed_channels, 1, bias=False)
        self.to_query = nn.Conv2d(in_channels, embed_channels, 1, bias=False)
        self.to_value = nn.Conv2d(in_channels, in_channels, 1, bias=False)
        self.key_place = CellPlaces(embed_channels) if position else None
        self.query_place = CellPlaces(embed_channels) if position else None
        self.alpha = nn.Parameter(torch.tensor(0.9))
        self._start()

    @torch.no_grad()
    def _start(self) -> None:
        """The initial weights."""
        nn.init.eye_(self.to_value.weight.view(self.in_channels, self.in_channels))
        each = self.embed_channels // self.num_heads
        nn.init.normal_(self.to_key.weight, std=(each * self.in_channels) ** -0.5)
        self.to_query.weight.copy_(self.to_key.weight)
        if self.key_place is not None:
            self.query_place.load_state_dict(self.key_place.state_dict())

    def read(self, x: Tensor, entries: Entries) -> Tensor:
        """Enhance feature maps by what is stored (Eqs. 1 to 3), for all people in one call.

        Args:
            x: (B, c, H, W).
            entries: Of the B people, of the cells of ``x`` after pooling.

        Returns:
            (B, c, H, W); of people without entries exactly ``x``.
        """
        known = torch.nonzero(entries.counts).flatten()
        if not len(known):
            return x
        if len(known) == len(x):
            return self._mix(x, self.align(x, entries))
        there = known.to(x.device)
        found = self._mix(x[there], self.align(x[there], entries[known]))
        return x.index_copy(0, there, found.to(x.dtype))

    def _mix(self, x: Tensor, aligned: Tensor) -> Tensor:
        """Eq. 3, in single precision at least: CoDA's sums leave the range of half precision."""
        wide = torch.promote_types(x.dtype, torch.float32)
        aligned, x_wide, alpha = aligned.to(wide), x.to(wide), self.alpha.to(wide)
        if torch.is_grad_enabled():
            mixed = torch.lerp(aligned, x_wide, alpha)
        else:  # in place: the aligned memory is nobody else's
            mixed = aligned.lerp_(x_wide, alpha)
        return within_range(mixed, x.dtype)

    def align(self, x: Tensor, entries: Entries) -> Tensor:
        """The aligned memory (Eq. 2), at the resolution of ``x``.

        Args:
            x: (B, c, H, W).
            entries: Of the B people, each with one or more.

        Returns:
            (B, c, H, W).
        """
        pooled = self.pool(x)
        queries = self._heads(self._queries(pooled).to(x.dtype).contiguous())  # for fused kernels
        keys = self._heads(entries.keys.flatten(1, 2))
        values = self._heads(entries.values.flatten(1, 2))
        valid = entries.valid
        if valid is not None:
            cells = entries.keys.shape[2]
            valid = valid.repeat_interleave(cells, 1).to(x.device, non_blocking=True)
        found = self._attend(queries, keys, values, valid, entries.crowded)
        found = found.transpose(2, 3).flatten(1, 2).unflatten(2, pooled.shape[-2:])
        if found.shape[-2:] != x.shape[-2:]:
            found = functional.interpolate(
                found, size=x.shape[-2:], mode="bilinear", align_corners=False
            )
        return found

    def _attend(
        self, queries: Tensor, keys: Tensor, values: Tensor, valid: Tensor | None, crowded: Tensor
    ) -> Tensor:
        """(B, N, n, c / N) by the attention of each person's video."""
        by_coda = self.uses_coda(crowded)
        if bool(by_coda.all()) or not bool(by_coda.any()):
            attend = coda_attention if bool(by_coda.any()) else vanilla_attention
            return attend(queries, keys, values, valid, max_weights=self.max_weights)
        found, order = [], []
        for attend, which in ((coda_attention, by_coda), (vanilla_attention, ~by_coda)):
            order.append(torch.nonzero(which).flatten())
            rows = order[-1].to(queries.device)
            mask = None if valid is None else valid[rows]
            part = attend(
                queries[rows], keys[rows], values[rows], mask, max_weights=self.max_weights
            )
            found.append(part.to(torch.promote_types(part.dtype, torch.float32)))
        back = torch.cat(order).argsort()
        return torch.cat(found)[back.to(queries.device)]

    def uses_coda(self, crowded: Tensor) -> Tensor:
        """(B,) bool: whose attention is CoDA, given whose video is crowded (B,)."""
        if self.attention == "auto":
            return crowded
        return torch.full_like(crowded, self.attention == "coda")

    def weights(self, x: Tensor, entries: Entries) -> Tensor:
        """The weights w (Eq. 1) of all cells, for pictures; as many as B * N * n * l.

        Args:
            x: (B, c, H, W).
            entries: Of the B people, each with the same number.

        Returns:
            (B, N, n, E, n), of each cell of ``x`` (pooled) over the cells of each entry.
        """
        queries = self._heads(self._queries(self.pool(x))).float()
        keys = self._heads(entries.keys.flatten(1, 2)).float()
        vanilla, coda = vanilla_weights(queries, keys), coda_weights(queries, keys)
        by_coda = self.uses_coda(entries.crowded).to(x.device)[:, None, None, None]
        found = torch.where(by_coda, coda, vanilla)
        return found.unflatten(-1, entries.keys.shape[1:3])

    def pool(self, x: Tensor) -> Tensor:
        """Feature maps on the memory's grid, (B, c, ceil(H / s), ceil(W / s)) of read_stride s.

        Where s does not divide a side, neighbouring windows overlap. The cells stand for equal
        shares of the side all the same, so that a place in the crop and its mirror image fall
        into cells that are mirror images.
        """
        stride, (height, width) = self.read_stride, x.shape[-2:]
        if stride == 1:
            return x
        if height % stride == width % stride == 0:
            return functional.avg_pool2d(x, stride)
        return functional.adaptive_avg_pool2d(x, (-(-height // stride), -(-width // stride)))

    def judge(self, heatmaps: Tensor) -> tuple[Tensor, Tensor]:
        """Quality and place of each keypoint, see :func:`keypoint_quality`."""
        return keypoint_quality(heatmaps, kernel=self.blur_kernel)

    def write(
        self, maps: Tensor, quality: Tensor, places: Tensor, saved: SavedKeypoints
    ) -> Written:
        """Make entries of enhanced features.

        Args:
            maps: (B, S, c, h, w), the answer of :meth:`read` on the memory's grid (:meth:`pool`);
                S = 2: the second is of the mirrored crop.
            quality: (B, K), of :meth:`judge`.
            places: (B, K, 2), of :meth:`judge`.
            saved: Of the B people so far.

        Returns:
            The entries, and whose are good enough: the sum of the qualities exceeds heatmap_thr,
            and all features are finite (one that is not would spoil whatever is read with it).
        """
        replaced = torch.zeros_like(quality, dtype=torch.bool)
        if self.replacement:
            maps, saved, replaced = replace_keypoints(
                maps, quality, places, saved, high=self.high_thr, low=self.low_thr
            )
        people, sides = maps.shape[:2]
        finite = maps.isfinite().flatten(1).all(1)
        flat = maps.flatten(0, 1)
        return Written(
            keys=self._keys(flat).unflatten(0, (people, sides)),
            values=_cells(self.to_value(flat)).unflatten(0, (people, sides)),
            stored=(quality.sum(1) > self.heatmap_thr) & finite,
            saved=saved,
            replaced=replaced,
        )

    def _keys(self, maps: Tensor) -> Tensor:
        """(B, n, c') of maps (B, c, h, w)."""
        keys = self.to_key(maps)
        return _cells(keys if self.key_place is None else self.key_place(keys))

    def _queries(self, maps: Tensor) -> Tensor:
        """(B, n, c') of maps (B, c, h, w)."""
        queries = self.to_query(maps)
        return _cells(queries if self.query_place is None else self.query_place(queries))

    def _heads(self, rows: Tensor) -> Tensor:
        """(B, l, N * d) -> (B, N, l, d)."""
        return rows.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)


def _cells(maps: Tensor) -> Tensor:
    """(B, c, h, w) -> (B, h * w, c)."""
    return maps.flatten(2).transpose(1, 2)


def _check_options(numbers: dict[str, int], attention: str) -> None:
    for name, value in numbers.items():
        if value < 1:
            advice = ": a network without a memory has no such neck" if name == "capacity" else ""
            raise ValueError(f"{name} must be 1 or more, got {value}{advice}")
    for name in ("in_channels", "embed_channels"):
        if numbers[name] % numbers["num_heads"]:
            raise ValueError(
                f"num_heads must divide {name}, got {numbers['num_heads']} and {numbers[name]}"
            )
    if attention not in ATTENTIONS:
        raise ValueError(f"attention must be one of {', '.join(ATTENTIONS)}, got {attention!r}")
