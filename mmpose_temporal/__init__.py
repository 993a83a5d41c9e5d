"""Pose tracking in video for MMPose 1.x.

Importing the package checks the libraries it stands on, lets torch's safe loader read mmengine's
checkpoints, and registers every part in mmpose's registries. In a config file::

    custom_imports = dict(imports=["mmpose_temporal"], allow_failed_imports=False)
"""

from .compat import allow_checkpoint_types, check_versions
from .version import __version__

check_versions()
allow_checkpoint_types()

# After the checks, so that a library that does not fit is named and not merely breaks an import.
from . import datasets, engine, evaluation, models, structures, visualization  # noqa: E402

__all__ = [
    "__version__",
    "datasets",
    "engine",
    "evaluation",
    "models",
    "structures",
    "visualization",
]
