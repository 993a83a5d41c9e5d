"""Which joints a similarity looks at, and where they are in the data."""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.logging import print_log
from torch import Tensor, nn

from mmpose_temporal.structures import (
    KEYPOINT_NAMES,
    SCORED_KEYPOINTS,
    Skeleton,
    keypoint_names,
    map_keypoints,
    refuse_keypoints,
)


class ChosenJoints(nn.Module):
    """Picks the J joints of a network out of the K keypoints of the data, by their names.

    The network's own layout is that of the data it was trained on. Data of another layout are
    told by :meth:`use_skeleton`; joints that they lack count as absent, and keypoints that the
    network does not know are ignored.

    The choice is part of the checkpoint (tensor ``index``), so that weights trained with other
    joints are refused.

    Attributes:
        joints: The J joints, as indices into the network's own layout.
        layout: Names of the network's own layout; None if they are not known yet.
        num_keypoints: K of the data.

    Args:
        joints: Indices or names of the layout, in the order in which the network sees them. None:
            the 15 scored joints of PoseTrack18 where that is the layout, else all.
        num_keypoints: Number of keypoints of the layout. None: that of ``layout``.
        layout: Names of all keypoints of the network's own layout. None: PoseTrack18's where
            ``num_keypoints`` is 17 or None; else they are those of the data.

    Raises:
        ValueError: ``joints`` is empty, repeats a joint or names one that is not in the layout;
            ``layout`` has not ``num_keypoints`` names.
    """

    def __init__(
        self,
        joints: Sequence[int | str] | None = None,
        num_keypoints: int | None = None,
        layout: Sequence[str] | None = None,
    ):
        super().__init__()
        if layout is not None:
            layout = keypoint_names(layout)
        elif num_keypoints in (None, len(KEYPOINT_NAMES)):
            layout = KEYPOINT_NAMES
        count = len(layout) if num_keypoints is None else num_keypoints
        if layout is not None and len(layout) != count:
            raise ValueError(f"num_keypoints is {count}, but {len(layout)} keypoints are named")
        if joints is None:
            posetrack = layout == KEYPOINT_NAMES
            joints = SCORED_KEYPOINTS.tolist() if posetrack else range(count)
        joints = joint_indices(joints, count, layout)
        self.layout = layout
        self.num_keypoints = count
        self.joints = tuple(joints)
        self.register_buffer("index", torch.tensor(joints))
        self.register_buffer("place", torch.tensor(joints), persistent=False)
        self._complete = True

    def __len__(self) -> int:
        """J."""
        return len(self.joints)

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the J joints; None if they are not known."""
        return None if self.layout is None else tuple(self.layout[index] for index in self.joints)

    @property
    def places(self) -> np.ndarray:
        """(J,) int64: where the joints are among the data's keypoints; -1: the data lack it."""
        return self.place.cpu().numpy()

    def use_skeleton(self, skeleton: Skeleton, user: str) -> None:
        """Find the joints in the data by their names.

        Choice: at least half of the joints must be there.

        Args:
            skeleton: Of the data.
            user: Name of the similarity, for texts.

        Raises:
            ValueError: Too few of the joints are there; or the names of the network's layout are
                not known and it has another number of keypoints.
        """
        if self.layout is None:
            if len(skeleton) != self.num_keypoints:
                raise ValueError(
                    f"{user} is made for {self.num_keypoints} keypoints, the data "
                    f"({skeleton.name or 'without name'}) have {len(skeleton)}: "
                    f"{', '.join(skeleton.keypoint_names)}; set its keypoint_names to the layout "
                    "that it was trained on"
                )
            self.layout = skeleton.keypoint_names
        mapping = map_keypoints(self.names, skeleton)
        missing = mapping.missing
        if 2 * len(missing) > len(self):
            raise ValueError(
                refuse_keypoints(
                    user,
                    self.names,
                    f"the data set {skeleton.name}".strip(),
                    skeleton,
                    advice=f"At least half of the joints of {user} must be there: train it on "
                    "such poses, or use a similarity without weights, as OKSSimilarity",
                )
            )
        if missing and not np.array_equal(self.places, mapping.index):
            print_log(
                f"{user}: the data ({skeleton.name or 'without name'}) have no "
                f"{', '.join(missing)}; these of its {len(self)} joints count as absent",
                logger="current",
            )
        self.num_keypoints = len(skeleton)
        self.place = torch.from_numpy(mapping.index).to(self.place.device)
        self._complete = not missing

    def forward(self, keypoints: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Pick the joints.

        Args:
            keypoints: (..., K, 2).
            scores: (..., K); <= 0: absent.

        Returns:
            (..., J, 2), 0 for joints that the data lack, and (..., J) bool, present.

        Raises:
            ValueError: Another K than that of the data.
        """
        if keypoints.shape[-2] != self.num_keypoints:
            raise ValueError(
                f"poses have {keypoints.shape[-2]} keypoints, but the similarity is made for a "
                f"layout of {self.num_keypoints}: tell the tracker the metainfo of the data, or "
                "set the similarity's keypoint_names and joints and train it on such poses"
            )
        place = self.place.to(keypoints.device)
        if self._complete:
            return keypoints[..., place, :], scores[..., place] > 0
        keypoints = keypoints[..., place.clamp(min=0), :] * (place >= 0)[:, None]
        return keypoints, self.pick(scores) > 0

    def pick(self, scores: Tensor) -> Tensor:
        """(..., J) of (..., K), 0 for joints that the data lack."""
        place = self.place.to(scores.device)
        if self._complete:
            return scores[..., place]
        return scores[..., place.clamp(min=0)] * (place >= 0)

    def check_layout(self, names: Sequence[str] | None, source: str, user: str) -> None:
        """Compare with what a file of weights says about the layout that it was trained on.

        A file that names no keypoints is taken for what the config says, which is logged.

        Args:
            names: Of all keypoints of the file's layout; None: it names none.
            source: The file, for texts.
            user: Name of the similarity, for texts.

        Raises:
            ValueError: The joints there have other names.
        """
        if names is None:
            if self.names is not None:
                print_log(
                    f"{source} names no keypoints: taken as trained on those of {user}'s "
                    f"keypoint_names ({', '.join(self.layout)})",
                    logger="current",
                )
            return
        names = keypoint_names(names)
        if self.layout is None and len(names) == self.num_keypoints:
            self.layout = names
        outside = max(self.joints) >= len(names)
        if outside or self.names != tuple(names[index] for index in self.joints):
            raise ValueError(
                refuse_keypoints(
                    f"the config of {user}",
                    self.layout or [f"keypoint {k}" for k in range(self.num_keypoints)],
                    source,
                    names,
                    advice=f"Set keypoint_names of {user} to those of the file",
                )
            )

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args, **kwargs) -> None:
        stored = state_dict.get(f"{prefix}index")
        if stored is not None and stored.tolist() != list(self.joints):
            raise ValueError(
                f"the checkpoint was trained with the joints {stored.tolist()}, the config has "
                f"{list(self.joints)}: set the similarity's joints to those of the checkpoint"
            )
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


def joint_indices(
    joints: Sequence[int | str], num_keypoints: int, names: Sequence[str] | None = None
) -> list[int]:
    """Indices of joints that are given by index or by name.

    Args:
        joints: The joints.
        num_keypoints: K of the layout.
        names: Of the layout.

    Raises:
        ValueError: ``joints`` is empty, repeats a joint or has one that is not in the layout.
    """
    place = {name: index for index, name in enumerate(names or ())}
    indices = [place.get(joint, -1) if isinstance(joint, str) else int(joint) for joint in joints]
    inside = all(0 <= index < num_keypoints for index in indices)
    if not indices or len(set(indices)) != len(indices) or not inside:
        raise ValueError(
            f"joints must be different indices into the {num_keypoints} keypoints of the "
            f"layout (0 to {num_keypoints - 1})"
            + (f", or names of {', '.join(names)}" if names else "")
            + f", got {list(joints)}"
        )
    return indices
