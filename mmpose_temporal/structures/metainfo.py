"""Meta information of the PoseTrack releases.

All three are kept in the PoseTrack18 layout (17 keypoints, mmpose's own description of them)
and differ in name and paper only; 15 of the keypoints are scored.
"""

from copy import deepcopy
from functools import cache
from pathlib import Path

import mmpose
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from .posetrack_layout import KEYPOINT_NAMES, SCORED_KEYPOINTS

_PAPERS = {
    "posetrack17": dict(
        author="Insafutdinov, Eldar and Andriluka, Mykhaylo and Pishchulin, Leonid and Tang, "
        "Siyu and Levinkov, Evgeny and Andres, Bjoern and Schiele, Bernt",
        title="Arttrack: Articulated multi-person tracking in the wild",
        container="Proceedings of the IEEE Conference on Computer Vision and Pattern Recognition",
        year="2017",
        homepage="https://posetrack.net/users/download.php",
    ),
    "posetrack21": dict(
        author="Doering, Andreas and Chen, Di and Zhang, Shanshan and Schiele, Bernt and Gall, "
        "Juergen",
        title="PoseTrack21: A Dataset for Person Search, Multi-Object Tracking and Multi-Person "
        "Pose Tracking",
        container="Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern "
        "Recognition",
        year="2022",
        homepage="https://github.com/anDoer/PoseTrack21",
    ),
}


def posetrack_metainfo(release: str) -> dict:
    """Metainfo of a PoseTrack release, in the form mmpose's datasets take.

    Args:
        release: ``'posetrack17'``, ``'posetrack18'``, ``'posetrack21'``.

    Returns:
        Parsed metainfo with the additional key ``scored_keypoint_ids`` (15 indices).

    Raises:
        ValueError: Unknown release.
    """
    if release != "posetrack18" and release not in _PAPERS:
        known = ", ".join(sorted([*_PAPERS, "posetrack18"]))
        raise ValueError(f"unknown PoseTrack release {release!r}; known are {known}")
    info = deepcopy(_mmpose_metainfo())
    names = tuple(info["keypoint_id2name"][i] for i in range(info["num_keypoints"]))
    if names != KEYPOINT_NAMES:
        raise RuntimeError(f"mmpose's posetrack18 keypoints are not the expected ones: {names}")
    info["dataset_name"] = release
    info["scored_keypoint_ids"] = SCORED_KEYPOINTS
    if release in _PAPERS:
        info["paper_info"] = dict(_PAPERS[release])
    return info


@cache
def _mmpose_metainfo() -> dict:
    """PoseTrack18 as mmpose has it, read once: parsing its file takes longest here."""
    return parse_pose_metainfo(dict(from_file=str(_mmpose_description())))


def _mmpose_description() -> Path:
    """Where mmpose describes PoseTrack18: in its wheel, or in its checkout."""
    package = Path(mmpose.__file__).parent
    file = Path("configs", "_base_", "datasets", "posetrack18.py")
    for root in (package / ".mim", package.parent):
        if (root / file).is_file():
            return root / file
    raise FileNotFoundError(f"mmpose is installed without its configs: no {file} in {package}")
