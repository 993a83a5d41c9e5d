"""Options that several tools have."""

import argparse
from collections.abc import Sequence

FRAME_ORDERS = ("auto", "file", "names", "number")
"""Those of :mod:`mmpose_temporal.posetrack.frame_order`."""


def add_frame_order(parser: argparse.ArgumentParser) -> None:
    """``--frame-order``."""
    parser.add_argument(
        "--frame-order",
        choices=FRAME_ORDERS,
        default="auto",
        help="what orders the frames of a video: file: the list in the file, as it is; names: the "
        "images' names (2 before 10); number: 'frame_index' or 'frame_id' of the images; auto: "
        "the list, which must agree with these numbers or those in the names",
    )


def add_output_flags(parser: argparse.ArgumentParser) -> None:
    """``--overwrite`` and ``--quiet``, of tools that convert files."""
    add_overwrite(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """``--overwrite``, of every tool that writes a file that the user names."""
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there")


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """``--cfg-options``, as in mmpose's tools."""
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=ConfigOptions,
        default={},
        metavar="KEY=VALUE",
        help="settings of the config to change: model.association.min_similarity=0.2",
    )


class ConfigOptions(argparse.Action):
    """mmengine's DictAction, which is imported when the option is given and not before."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Sequence[str],
        option_string: str | None = None,
    ) -> None:
        """Put the settings, key -> value, into the namespace."""
        for value in values:
            if not value.partition("=")[0] or "=" not in value:
                parser.error(f"argument {option_string}: write KEY=VALUE, not {value!r}")
        from mmengine.config import DictAction

        DictAction(self.option_strings, self.dest, nargs="+")(
            parser, namespace, values, option_string
        )
