"""Parameters and multiply-adds of what a config builds, by module."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmpose_temporal_cli import add_config_options, run_tool

if TYPE_CHECKING:
    from mmengine.config import Config


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="config of a tracker or of a top-down pose estimator")
    parser.add_argument(
        "--shape",
        type=int,
        nargs=2,
        metavar=("H", "W"),
        help="height and width of the estimator's crops; without it, its codec's input_size",
    )
    add_config_options(parser)
    return parser


def report(config: Config, shape: list[int] | None) -> list[str]:
    """Paragraphs of text, one for each network of the config's model.

    Raises:
        ValueError: The config has no network that this tool knows, or no size is known.
    """
    from mmengine.registry import init_default_scope
    from mmpose.registry import MODELS

    from mmpose_temporal.engine.complexity import (
        COUNTED,
        NOTHING_READ,
        estimator_complexity,
        similarity_complexity,
        why_not_the_paper,
    )
    from mmpose_temporal.models import PoseEntailment
    from mmpose_temporal.models.necks import find_memory
    from mmpose_temporal.utils.config_errors import building, model_settings
    from mmpose_temporal.utils.foreign_packages import require_packages

    init_default_scope(config.get("default_scope", "mmpose"))
    model, found = model_settings(config), []
    estimator = model.get("estimator")
    if "backbone" in model and "association" not in model:  # trackers have one for mmpose's tools
        estimator = model
    if estimator is not None:
        require_packages(estimator)
        with building(config):
            network = MODELS.build(dict(estimator))
        size = shape or getattr(getattr(network.head, "decoder", None), "input_size", (0, 0))[::-1]
        if min(size) < 1:
            raise ValueError("the estimator's codec states no input_size: give --shape H W")
        found.append(str(estimator_complexity(network, size)))
        if find_memory(network) is not None:
            found.append(NOTHING_READ)
    elif shape:
        raise ValueError("--shape is for a pose estimator; the config has none")
    if "association" in model:
        settings = dict(model.association.similarity)
        # By its class: looking a name up imports mmpose's networks, and those mmdet.
        settings["type"] = MODELS.module_dict.get(settings["type"], settings["type"])
        with building(config):
            similarity = MODELS.build(settings)
        if any(True for _ in similarity.parameters()):
            found.append(str(similarity_complexity(similarity)))
        else:
            found.append(f"{type(similarity).__name__} has no weights of its own")
        if isinstance(similarity, PoseEntailment):
            found.append(why_not_the_paper(similarity))
    if not found:
        raise ValueError(f"{model['type']} has neither an estimator nor an association")
    return [*found, COUNTED]


def run(args: argparse.Namespace) -> None:
    """Does what the arguments say."""
    from mmpose_temporal.engine.command_line import read_config

    config = read_config(args.config, args.cfg_options)
    print("\n\n".join(report(config, args.shape)))


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
