"""Videos of features out of nothing, and Eq. 5 and 6 of TKMR written from the paper."""

import copy
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from mmpose.registry import MODELS
from torch import nn

from mmpose_temporal.models.trackers import TemporalRefinement
from mmpose_temporal.structures import FramePacket, People
from mmpose_temporal.testing import make_packet

K, C, N = 3, 6, 4
NONE = float("-inf")


class Heads(nn.Module):
    """A tracker that is its estimator, reduced to the heads."""

    def __init__(self):
        super().__init__()
        shape = dict(in_channels=C, channels=C, num_keypoints=K, upsample=(1,))
        self.matching_head = MODELS.build(dict(type="KeypointMatchingHead", **shape))
        self.refinement_head = MODELS.build(dict(type="KeypointRefinementHead", **shape))
        names = ("keypoint_features", "candidate_evidence")
        self.describers = [SimpleNamespace(names=names, num_candidates=N)]

    @property
    def estimator(self) -> nn.Module:
        return self


class Video:
    """Frames of people with features out of nothing.

    Args:
        boxes: For each frame the boxes (M, 4) of its people; None: a frame that was not searched.
        fewer: (M, K) candidates are there in each frame; the rest is missing.
    """

    def __init__(self, boxes: list, *, seed: int = 0, fewer: int = N):
        generator = torch.Generator().manual_seed(seed)

        def random(*shape: int) -> torch.Tensor:
            return torch.randn(*shape, generator=generator)

        self.heads = Heads()
        self.packets: list[FramePacket] = []
        self.features = []  # H at the candidates, for Eq. 6 as it is written
        tick = 0
        for index, found in enumerate(boxes):
            rows = np.array(found or [], np.float32).reshape(-1, 4)
            number = len(rows)
            h, f, scores = random(number, K, N, C), random(number, K, N, C), random(number, K, N)
            scores[..., 0] = 9
            scores[..., fewer:] = NONE
            places = random(number, K, N, 2)
            weight = self.heads.refinement_head.final_layer.weight.detach().flatten(1)
            people = People.create(
                keypoints=places[:, :, 0].numpy(),
                keypoint_scores=np.full((number, K), 0.8),
                boxes=rows,
                track_ids=np.arange(number),
                extras=dict(
                    candidates=places,
                    candidate_scores=scores,
                    candidate_features=f,
                    candidate_evidence=torch.einsum("mknc,kc->mkn", h, weight),
                    keypoint_features=f[:, :, 0],
                ),
            )
            searched = found is not None
            self.packets.append(make_packet(people, tick=tick, index=index, searched=searched))
            self.features.append(h)
            tick += searched

    def started(self, **options) -> tuple[TemporalRefinement, Any]:
        """A refinement bound to the heads, and its window."""
        part = TemporalRefinement(**{"num_candidates": N, **options})
        part.bind(self.heads)
        return part, part.start_video()

    def finish(self, watched: bool = False, **options) -> list[FramePacket]:
        """All frames, refined; those of the video stay as they are."""
        part, window = self.started(**options)
        finished = []
        for packet in self.packets:
            packet = copy.copy(packet)
            packet.records = {} if watched else None
            finished += part.push(window, packet)
        finished += part.flush(window)
        assert [packet.index for packet in finished] == list(range(len(self.packets)))
        return finished

    def refine(self, **options) -> list[People]:
        """The refined poses of all frames, in order."""
        return [packet.people for packet in self.finish(**options)]


def iou(a: np.ndarray, b: np.ndarray) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    shared = np.prod(np.clip(high - low, 0, None))
    return shared / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared)


@torch.no_grad()
def classify(head: nn.Module, k: int, first: torch.Tensor, second: torch.Tensor) -> float:
    """G_k on the concatenation."""
    c = head.classifiers
    hidden = torch.relu(torch.cat([first, second]) @ c.weight1[k] + c.bias1[k])
    hidden = torch.relu(hidden @ c.weight2[k] + c.bias2[k])
    return torch.softmax(hidden @ c.weight3[k] + c.bias3[k], 0)[1].item()


def equation_5(video: Video, later: tuple[int, int], earlier: tuple[int, int]) -> float:
    """w between two people, each (frame, row), the later first; 0 below an IoU of 0.1."""
    (a, i), (b, j) = later, earlier
    if iou(video.packets[a].people.boxes[i], video.packets[b].people.boxes[j]) < 0.1:
        return 0.0
    f, g = (video.packets[t].people.extras["keypoint_features"] for t in (a, b))
    return sum(classify(video.heads.matching_head, k, f[i, k], g[j, k]) for k in range(K))


def path(video: Video, t: int, i: int, tau: int) -> list[tuple[int, int]]:
    """Best matches backwards to t - tau and forwards to t + tau; frames not searched: passed."""
    searched = [packet.searched for packet in video.packets]
    found = []
    for step in (-1, 1):
        here, s = (t, i), t + step
        while 0 <= s < len(searched) and abs(s - t) <= tau:
            if searched[s]:
                people = [(s, j) for j in range(len(video.packets[s].people))]
                scores = [
                    equation_5(video, *((here, p) if step < 0 else (p, here))) for p in people
                ]
                if not scores or max(scores) == 0:
                    break
                here = people[int(np.argmax(scores))]
                found.append(here)
            s += step
    return found


@torch.no_grad()
def equation_6(
    video: Video, t: int, i: int, tau: int, context_weight: float = 1.0
) -> tuple[np.ndarray, int]:
    """(K, N) new responses by the aggregated features themselves, and the number of frames."""
    head, others = video.heads.refinement_head, path(video, t, i, tau)
    responses = np.zeros((K, N))
    for k in range(K):
        for n in range(N):
            aggregated = video.features[t][i, k, n].clone()
            mine = video.packets[t].people.extras["candidate_features"][i, k, n]
            for s, j in others:
                theirs = video.packets[s].people.extras["candidate_features"][j, k, 0]
                weight = classify(video.heads.matching_head, k, mine, theirs)
                aggregated += video.features[s][j, k, 0] * weight * context_weight
            aggregated /= 1 + len(others) * context_weight
            image = aggregated[None, :, None, None]
            responses[k, n] = head.final_layer(image)[0, k, 0, 0].item()
    return responses, 1 + len(others)


LEFT, RIGHT = [0, 0, 10, 10], [100, 0, 110, 10]


def crossing(length: int) -> list:
    """Two people that overlap in each frame, and in odd frames one apart."""
    pair = [[0, 0, 10, 10], [2, 0, 12, 10]]
    return [pair + ([RIGHT] if t % 2 else []) for t in range(length)]
