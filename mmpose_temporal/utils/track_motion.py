"""How tracks move, and what of it they have in common.

P pairs, M people of a frame, L tracks with their last H poses (the newest first), J joints as
(x, y, score) with a score of 0 if absent. Pixels; ages in frames, 0 if a track has fewer
than H poses.
"""

import torch
from torch import Tensor

RECENT = (0.5, 0.25, 0.15, 0.07, 0.03)
"""Weight of the steps of a track in its velocity, the last step first (choice)."""

MAX_EXTRAPOLATION = 4
"""Frames that a velocity is believed; a person not seen for longer is expected where it would
have got by then (choice)."""

SMALLEST = 8.0
"""Pixels: a person counts as at least this large, so that quotients stay finite."""


def extents(poses: Tensor) -> tuple[Tensor, Tensor]:
    """Corners of the tightest boxes around joints.

    Args:
        poses: (..., J, 3).

    Returns:
        Upper left (..., 2) and lower right (..., 2); 0 if no joint is present.
    """
    present = (poses[..., 2] > 0)[..., None]
    low = poses[..., :2].masked_fill(~present, torch.inf).amin(-2)
    high = poses[..., :2].masked_fill(~present, -torch.inf).amax(-2)
    none = ~present.any(-2)
    return low.masked_fill(none, 0), high.masked_fill(none, 0)


def masked_median(values: Tensor, mask: Tensor) -> Tensor:
    """Median over the last but one dimension, of what the mask picks (the lower of two).

    Args:
        values: (..., J, 2).
        mask: (..., J) bool.

    Returns:
        (..., 2); 0 if nothing is picked.
    """
    count = mask.sum(-1)
    ordered = values.masked_fill(~mask[..., None], torch.inf).sort(-2).values
    index = ((count - 1) // 2).clamp(min=0)[..., None, None].expand(*values.shape[:-2], 1, 2)
    median = ordered.gather(-2, index).squeeze(-2)
    return median.masked_fill((count == 0)[..., None], 0)


def velocities(history: Tensor, ages: Tensor) -> Tensor:
    """Pixels per frame: medians over the joints of a track's steps, the recent ones counting most.

    Args:
        history: (L, H, J, 3).
        ages: (L, H) float.

    Returns:
        (L, 2); 0 for a track of one pose.
    """
    present = (history[..., 2] > 0) & (ages > 0)[..., None]
    both = present[:, :-1] & present[:, 1:]
    gaps = (ages[:, 1:] - ages[:, :-1]).clamp(min=1)
    steps = (history[:, :-1, :, :2] - history[:, 1:, :, :2]) / gaps[..., None, None]
    weights = torch.tensor(RECENT[: steps.shape[1]], device=history.device) * both.any(-1)
    total = (masked_median(steps, both) * weights[..., None]).sum(1)
    return total / weights.sum(1, keepdim=True).clamp(min=1e-6)


def expected(history: Tensor, ages: Tensor, velocity: Tensor | None = None) -> Tensor:
    """(L, J, 2): each track's last pose, moved on by its velocity, (L, 2) where known already."""
    velocity = velocities(history, ages) if velocity is None else velocity
    frames = ages[:, :1].clamp(max=MAX_EXTRAPOLATION)
    return history[:, 0, :, :2] + (velocity * frames)[:, None]


def common_motion(
    poses: Tensor,
    history: Tensor,
    ages: Tensor,
    *,
    reach: float = 3.0,
    tolerance: float = 0.12,
    hypotheses: int = 64,
) -> tuple[Tensor, Tensor]:
    """The shift that most people of a frame have in common beyond their own velocities.

    A camera that turns moves everybody alike, and nothing but the people is known here, so they
    vote: every pair of a pose with a track of a similar shape proposes the shift between them,
    and the one that most people agree on wins (choice; large shifts must win by more, since with
    people in a row a wrong neighbour may be as good).

    Args:
        poses: (M, J, 3).
        history: (L, H, J, 3).
        ages: (L, H) float.
        reach: Largest shift that is considered, in diagonals of the person.
        tolerance: Of what agrees, likewise.
        hypotheses: Shifts that are tried, those of the most similar shapes.

    Returns:
        The shift (2,) in pixels, 0 where fewer than two people agree; and (2,) shares of the
        people that agree with it, and with no shift.
    """
    nothing = poses.new_zeros(2), poses.new_zeros(2)
    if len(poses) < 2 or len(history) < 2:
        return nothing
    shifts, sizes, alike = _votes(poses, history, ages)
    alike = alike * (shifts.norm(dim=-1) < reach * sizes)
    rows, columns = (alike > 0.1).nonzero(as_tuple=True)
    if len(rows) < 2:
        return nothing
    shift, size, weight = shifts[rows, columns], sizes[rows, columns], alike[rows, columns]
    best = weight.argsort(descending=True, stable=True)[:hypotheses]
    tried = torch.cat([shift.new_zeros((1, 2)), shift[best]])
    apart = (shift - tried[:, None]).square().sum(-1)
    agree = weight * torch.exp(-apart / (2 * (tolerance * size).square()))
    table = agree.new_zeros((len(tried), *alike.shape))
    table[:, rows, columns] = agree
    support = torch.minimum(table.amax(2).sum(1), table.amax(1).sum(1))
    chosen = (support - 0.15 * tried.norm(dim=-1) / size.median()).argmax()
    shares = torch.stack([support[chosen], support[0]]) / min(alike.shape)
    if support[chosen] <= 1.2:
        return nothing[0], shares
    voters = agree[chosen]
    return (shift * voters[:, None]).sum(0) / voters.sum(), shares


def _votes(poses: Tensor, history: Tensor, ages: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of every pose and track: shift (M, L, 2), size (M, L), likeness of the shapes (M, L)."""
    last = history[:, 0]
    both = (poses[:, None, :, 2] > 0) & (last[..., 2] > 0)
    joints = both.sum(-1)
    count = joints.clamp(min=1)
    offsets = poses[:, None, :, :2] - expected(history, ages)
    shifts = (offsets * both[..., None]).sum(2) / count[..., None]
    first, second = ((high - low).norm(dim=-1) for low, high in map(extents, (poses, last)))
    sizes = torch.maximum(first[:, None], second).clamp(min=SMALLEST)
    uneven = (offsets - shifts[:, :, None]).norm(dim=-1) * both
    uneven = uneven.sum(-1) / count / sizes
    alike = torch.exp(-((uneven / 0.1) ** 2) / 2)
    return shifts, sizes, alike * (joints >= 3) * (ages[:, 0] <= MAX_EXTRAPOLATION)
