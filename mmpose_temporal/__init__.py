"""Pose tracking in video for MMPose 1.x.

Importing the package checks the libraries it stands on, lets torch's safe loader read mmengine's
checkpoints, has mmengine's loader say what is wrong with files that are none, and registers every
part in mmpose's registries (without mmdet, which mmpose's own networks and visualizers import, the
parts that build on those are left out, with a warning). In a config file::

    custom_imports = dict(imports=["mmpose_temporal"], allow_failed_imports=False)
"""

import warnings

from .compat import (
    allow_checkpoint_types,
    check_versions,
    import_pkg_resources,
    mmpose_networks_available,
)
from .version import __version__

check_versions()
allow_checkpoint_types()
import_pkg_resources()

# After the checks, so that a library that does not fit is named and not merely breaks an import.
from . import codecs, datasets, evaluation, models, structures  # noqa: E402
from .utils import config_files  # noqa: E402
from .utils.checkpoint_files import register_checkpoint_loaders  # noqa: E402

register_checkpoint_loaders()

if mmpose_networks_available():
    from . import engine, visualization  # noqa: F401
else:
    warnings.warn(
        "mmdet is not installed. mmpose's networks and visualizers import it, so "
        "mmpose_temporal's parts that build on them are not registered; trackers, metrics and "
        "what else needs no network work. To have them all: python -m pip install mmdet==3.3.0",
        stacklevel=2,
    )

__all__ = [
    "__version__",
    "codecs",
    "config_files",
    "datasets",
    "evaluation",
    "models",
    "structures",
]
