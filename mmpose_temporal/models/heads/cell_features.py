"""A head's features at a few cells, without the rest of its last layer."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .candidates import gather_features

DENSE_SHARE = 0.35
"""Share of a map's cells above which the whole map is computed.

A cell by itself takes the same arithmetic, but its inputs are copied together first, and a whole
convolution is the better tuned one: on a CPU, 256 channels, both ways take the same time at about
0.4 of the cells (x2) and 0.35 (x1)."""


def features_at(blocks: nn.Sequential, maps: Tensor, cells: Tensor) -> Tensor:
    """What the last of a head's blocks gives at chosen cells.

    In eval mode the last layer (deconv x2 or 3x3 conv, BN, ReLU) is evaluated at the distinct
    cells only, unless they are more than :data:`DENSE_SHARE` of the map. In training mode BN
    needs whole maps.

    Args:
        blocks: Of :func:`basic_blocks`.
        maps: (B, C', H, W), the input of the blocks.
        cells: (B, ..., 2) int64, x and y in the blocks' output, inside it.

    Returns:
        (B, ..., C).
    """
    *others, last = blocks
    *before, layer, norm, activation = last
    for module in (*others, *before):
        maps = module(maps)
    if norm.training or not isinstance(layer, nn.ConvTranspose2d | nn.Conv2d):
        return gather_features(activation(norm(layer(maps))), cells)
    scale = 2 if isinstance(layer, nn.ConvTranspose2d) else 1
    height, width = (scale * side for side in maps.shape[-2:])
    kinds, places, inverse = _distinct(cells, height, width, scale)
    if len(places) > DENSE_SHARE * len(maps) * height * width:
        return gather_features(activation(norm(layer(maps))), cells)
    found = _layer_at(layer, maps, kinds, places, (height, width))
    found = activation(norm(found[..., None, None])).flatten(1)
    return found.index_select(0, inverse.flatten()).unflatten(0, inverse.shape)


def _distinct(
    cells: Tensor, height: int, width: int, scale: int
) -> tuple[list[int], Tensor, Tensor]:
    """The distinct cells, those of one kind together.

    Of a deconvolution that doubles the size, cells of one parity in x and y look through the same
    taps of its kernel: four kinds. A convolution has one kind.

    Returns:
        How many there are of each kind; (P,) int64, their places in all maps laid flat; for each
        of the ``cells`` the row of its place.
    """
    x, y = cells.unbind(-1)
    first = torch.arange(len(cells), device=cells.device).view(-1, *[1] * (x.ndim - 1))
    total = len(cells) * height * width
    kind = (y % scale) * scale + x % scale
    keys = kind * total + (first * height + y) * width + x
    keys, inverse = torch.unique(keys, return_inverse=True)  # sorted: by kind first
    kinds = torch.bincount(torch.div(keys, total, rounding_mode="floor"), minlength=scale**2)
    return kinds.tolist(), keys % total, inverse


def _layer_at(
    layer: nn.ConvTranspose2d | nn.Conv2d,
    maps: Tensor,
    kinds: list[int],
    places: Tensor,
    size: tuple[int, int],
) -> Tensor:
    """(P, C) output of a layer of :func:`basic_block` at places of its flat output."""
    height, width = size
    x, y = places % width, torch.div(places, width, rounding_mode="floor")
    y, image = y % height, torch.div(y, height, rounding_mode="floor")
    rows = functional.pad(maps.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))  # zeros outside
    tap_y, tap_x = _taps(layer, y), _taps(layer, x)
    index = (image[:, None] * rows.shape[1] + tap_y)[:, :, None] * rows.shape[2] + tap_x[:, None]
    weights = _weights(layer)
    patches = rows.flatten(0, 2).index_select(0, index.flatten())
    patches = patches.view(len(places), weights.shape[1])
    found = torch.cat([a @ b for a, b in zip(patches.split(kinds), weights, strict=True)])
    return found if layer.bias is None else found + layer.bias


def _weights(layer: nn.ConvTranspose2d | nn.Conv2d) -> Tensor:
    """(kinds of cells, taps x C', C), the taps in the order of :func:`_taps`."""
    if isinstance(layer, nn.Conv2d):
        return layer.weight.permute(2, 3, 1, 0).flatten(0, 2)[None]
    # whole matrices are moved about from here on; k = 2 tap + 1 - o % 2
    weight = layer.weight.permute(2, 3, 0, 1).contiguous().unflatten(1, (2, 2))
    weight = weight.unflatten(0, (2, 2)).permute(1, 3, 0, 2, 4, 5).flip(0, 1)
    return weight.flatten(2, 4).flatten(0, 1)


def _taps(layer: nn.ConvTranspose2d | nn.Conv2d, places: Tensor) -> Tensor:
    """(P, taps): inputs of outputs along one axis, counted from the zero before the first.

    Output o of the deconvolution (kernel 4, stride 2, padding 1) has 2 i - 1 + k = o: of input
    i = (o + 1) // 2 through k = (o + 1) % 2, of the input before through k + 2. The convolution
    (kernel 3, padding 1) has i = o - 1 + k.
    """
    if isinstance(layer, nn.ConvTranspose2d):
        steps = torch.tensor([1, 0], device=places.device)
        return torch.div(places + 1, 2, rounding_mode="floor")[:, None] + steps
    return places[:, None] + torch.arange(3, device=places.device)
