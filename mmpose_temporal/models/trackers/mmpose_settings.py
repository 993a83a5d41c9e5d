"""Where mmpose's tools write settings of a model, and what a tracker does with them.

``init_model``, the inferencers and the demos are made for models that are a pose estimator: they
look for ``model.backbone``, set ``model.train_cfg`` and ``model.test_cfg``, and keep the config as
``model.cfg``. A :class:`PoseTracker` hands these settings to its estimator; a tracker of known
poses has none, and says so.
"""

from collections.abc import Mapping
from typing import Any

SETTINGS = ("backbone", "train_cfg", "test_cfg")

KNOWN_POSES = (
    "PoseOnlyTracker gives ids to known poses and estimates none, so mmpose's init_model, "
    "inferencers, demos and get_flops.py cannot use it: build it with "
    "mmpose_temporal.apis.build_pose_only_tracker, run tools/track_poses.py on files of poses, or "
    "count with this project's tools/analysis_tools/get_flops.py"
)


def with_settings(estimator: dict, settings: Mapping[str, dict | None]) -> dict:
    """The config of an estimator with settings that came with the tracker's.

    Args:
        estimator: Config.
        settings: By :data:`SETTINGS`; their keys replace the estimator's. None or empty: nothing.

    Raises:
        ValueError: Settings of a backbone, and the estimator has none.
    """
    changed = {name: values for name, values in settings.items() if values}
    if "backbone" in changed and "backbone" not in estimator:
        raise ValueError(
            f"backbone={changed['backbone']}: the estimator {estimator.get('type')} has none"
        )
    replaced = {name: {**(estimator.get(name) or {}), **new} for name, new in changed.items()}
    return {**estimator, **replaced}


def refuse_settings(options: dict[str, Any]) -> dict[str, Any]:
    """The options of a tracker without estimator; empty settings of one are left out.

    Raises:
        TypeError: There are settings, as mmpose's demos give them.
    """
    given = [name for name in SETTINGS if options.get(name)]
    if given:
        raise TypeError(f"{', '.join(given)}: {KNOWN_POSES}")
    return {name: value for name, value in options.items() if name not in SETTINGS}
