"""What a network sees of a pose and the track that it may follow."""

import torch
from torch import Tensor, nn

from mmpose_temporal.utils.track_motion import SMALLEST, expected, extents, velocities

from .matching_network import start_weights


def both_scales(values: Tensor) -> Tensor:
    """Values, and the same with fine detail near 0, (..., D) to (..., 2D)."""
    return torch.cat([values.clamp(-3, 3), torch.tanh(4 * values)], -1)


def joint_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over the joints of the mask: (..., J) or (..., J, 2) to (...,) or (..., 2)."""
    mask = mask.to(values.dtype)
    count = mask.sum(-1).clamp(min=1)
    if values.dim() > mask.dim():
        return (values * mask[..., None]).sum(-2) / count[..., None]
    return (values * mask).sum(-1) / count


def pair_features(
    current: Tensor, history: Tensor, ages: Tensor, motion: Tensor, support: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Describe P pairs of a pose and a track, whatever the frame's size and the person's place.

    Lengths are in diagonals of the person (the larger of the pose's and of the mean over the
    track's poses), places are relative to the centre of the track's last pose.

    Args:
        current: (P, J, 3): x, y, score; 0 if absent.
        history: (P, H, J, 3), the newest pose first.
        ages: (P, H) float, frames before the current one; 0: no such pose.
        motion: (P, 2), pixels, from :func:`common_motion`.
        support: (P, 2), likewise.

    Returns:
        joints (P, J, 14 + 6 H): place, score and presence of the joint, its distance from
        where the track expects it, with and without the common motion, and of each past pose
        its distance, whether both are there, and the past score; pair (P, 25 + 9 H): the same
        over all joints, the sizes' ratio, ages, velocity and common motion; and (P, J) bool,
        joints that are in either.
    """
    place, scores = current[..., :2], current[..., 2]
    here = scores > 0
    past = (history[..., 2] > 0) & (ages > 0)[..., None]
    low, high = extents(current)
    lows, highs = extents(history)
    size = (high - low).norm(dim=-1)
    sizes = (highs - lows).norm(dim=-1)
    known = (ages > 0).to(sizes.dtype)
    scale = torch.maximum(size, (sizes * known).sum(1) / known.sum(1).clamp(min=1))
    scale = scale.clamp(min=SMALLEST)[:, None]
    origin = (lows[:, 0] + highs[:, 0]) / 2

    both = here[:, None] & past
    shared = both[..., None].to(place.dtype)
    unit = scale[..., None]
    moved = (place[:, None] - history[..., :2]) / unit[..., None] * shared
    velocity = velocities(history, ages)
    surprise = (place - expected(history, ages, velocity)) / unit * shared[:, 0]
    common = motion / scale
    residual = (surprise - common[:, None]) * shared[:, 0]
    inside = (place - origin[:, None]) / unit * here[..., None]

    memory = torch.cat([both_scales(moved), shared, (history[..., 2] * past)[..., None]], -1)
    joints = torch.cat(
        [
            both_scales(inside),
            scores.clamp(0, 1)[..., None],
            here[..., None].to(place.dtype),
            both_scales(surprise),
            both_scales(residual),
            memory.transpose(1, 2).flatten(2),
        ],
        -1,
    )
    far = joint_mean(moved.norm(dim=-1), both)
    ratio = torch.log(size.clamp(min=SMALLEST) / sizes[:, 0].clamp(min=SMALLEST))
    pair = torch.cat(
        [
            support,
            both_scales(common),
            both_scales(joint_mean(residual, both[:, 0])),
            torch.tanh(4 * joint_mean(residual.norm(dim=-1), both[:, 0]))[:, None],
            both_scales(joint_mean(moved, both)).flatten(1),
            torch.tanh(4 * far),
            far.clamp(max=3),
            both_scales(joint_mean(surprise, both[:, 0])),
            torch.tanh(4 * joint_mean(surprise.norm(dim=-1), both[:, 0]))[:, None],
            both_scales(((low + high) / 2 - origin) / scale),
            ratio.clamp(-2, 2)[:, None],
            torch.log1p(ages),
            known,
            shared.mean((2, 3)),
            both_scales(velocity / scale),
        ],
        -1,
    )
    return joints, pair, here | past.any(1)


class TrackTokens(nn.Module):
    """One token for the pair and one for each joint: linear maps of :func:`pair_features`.

    Args:
        num_joints: J.
        history: H, poses of a track.
        hidden: Length of a token's vector.
    """

    def __init__(self, *, num_joints: int, history: int, hidden: int):
        super().__init__()
        joints, pair, _ = pair_features(
            torch.zeros(1, num_joints, 3),
            torch.zeros(1, history, num_joints, 3),
            torch.zeros(1, history),
            torch.zeros(1, 2),
            torch.zeros(1, 2),
        )
        self.joint = nn.Linear(joints.shape[-1], hidden)
        self.pair = nn.Linear(pair.shape[-1], hidden)
        self.kind = nn.Embedding(num_joints + 1, hidden)
        start_weights(self.kind)

    def forward(
        self, current: Tensor, history: Tensor, ages: Tensor, motion: Tensor, support: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Tokens (P, 1 + J, hidden) and which of them count (P, 1 + J); see pair_features."""
        joints, pair, visible = pair_features(current, history, ages, motion, support)
        pair, joints = (rows.to(self.pair.weight.dtype) for rows in (pair, joints))
        tokens = torch.cat([self.pair(pair)[:, None], self.joint(joints)], 1) + self.kind.weight
        return tokens, torch.cat([torch.ones_like(visible[:, :1]), visible], 1)
