"""The start of a command: options, errors and exit status. Standard library only.

`import mmpose_temporal` registers every part and takes seconds, most of them torch's and mmpose's.
A tool that reads its options before that answers ``--help`` and a misspelt option at once, and
reports a library that is missing, or Ctrl-C during the imports, like any other error. So this
package stands beside `mmpose_temporal` and imports nothing of it.
"""

from .ablation import ablation_flags
from .flags import add_config_options, add_frame_order, add_output_flags, add_overwrite
from .run_tool import StepFailed, error_text, run_tool

__all__ = [
    "StepFailed",
    "ablation_flags",
    "add_config_options",
    "add_frame_order",
    "add_output_flags",
    "add_overwrite",
    "error_text",
    "run_tool",
]
