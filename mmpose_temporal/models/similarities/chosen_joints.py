"""Which joints of the layout a similarity looks at."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmpose_temporal.structures import NUM_KEYPOINTS, SCORED_KEYPOINTS


class ChosenJoints(nn.Module):
    """Picks some of the K joints of a layout, and says clearly when K is another one.

    The choice is part of the checkpoint (tensor ``index``), so that weights trained with other
    joints are refused.

    Args:
        joints: Indices into the layout, in the order in which they are looked at. None: the 15
            scored joints of PoseTrack18 where ``num_keypoints`` is its 17, else all.
        num_keypoints: K of the layout.

    Raises:
        ValueError: ``joints`` is empty, repeats a joint or names one that is not in the layout.
    """

    def __init__(self, joints: Sequence[int] | None, num_keypoints: int):
        super().__init__()
        if joints is None:
            posetrack = num_keypoints == NUM_KEYPOINTS
            joints = SCORED_KEYPOINTS.tolist() if posetrack else range(num_keypoints)
        joints = [int(joint) for joint in joints]
        inside = all(0 <= joint < num_keypoints for joint in joints)
        if not joints or len(set(joints)) != len(joints) or not inside:
            raise ValueError(
                f"joints must be different indices into the {num_keypoints} keypoints of the "
                f"layout (0 to {num_keypoints - 1}), got {joints}"
            )
        self.num_keypoints = num_keypoints
        self.joints = tuple(joints)
        self.register_buffer("index", torch.tensor(joints))

    def __len__(self) -> int:
        return len(self.joints)

    def forward(self, keypoints: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Pick the joints.

        Args:
            keypoints: (..., K, 2).
            scores: (..., K); <= 0: absent.

        Returns:
            (..., J, 2) and (..., J) bool, present.

        Raises:
            ValueError: Another K than that of the layout.
        """
        if keypoints.shape[-2] != self.num_keypoints:
            raise ValueError(
                f"poses have {keypoints.shape[-2]} keypoints, but the similarity is made for a "
                f"layout of {self.num_keypoints}: set its num_keypoints and joints, and train it "
                "on such poses"
            )
        index = self.index.to(keypoints.device)
        return keypoints[..., index, :], scores[..., index] > 0

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args, **kwargs) -> None:
        stored = state_dict.get(f"{prefix}index")
        if stored is not None and stored.tolist() != list(self.joints):
            raise ValueError(
                f"the checkpoint was trained with the joints {stored.tolist()}, the config has "
                f"{list(self.joints)}: set the similarity's joints to those of the checkpoint"
            )
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
