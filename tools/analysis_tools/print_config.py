"""Show a config as it is after all its bases are merged, and which files it came from."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import add_config_options, add_overwrite, run_tool


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="config file")
    add_config_options(parser)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the config here (a .py file without bases) in place of printing it",
    )
    add_overwrite(parser)
    return parser


def run(args: argparse.Namespace) -> None:
    """Does what the arguments say.

    Raises:
        ValueError: ``--out`` is no .py file, or the config cannot be read.
    """
    from mmpose_temporal.engine.command_line import read_config
    from mmpose_temporal.utils import atomic_write, base_files, refuse_inputs, require_free

    if args.out is not None and args.out.suffix != ".py":
        raise ValueError(f"--out must end in .py, got {args.out}")
    if args.out is not None:
        require_free([args.out], overwrite=args.overwrite)
    config = read_config(args.config, args.cfg_options)
    files = base_files(args.config)
    if args.out is not None:
        refuse_inputs([args.out], [args.config, *(file for _, file in files)])
        with atomic_write(args.out) as part:
            part.write(config.pretty_text)
    print("\n".join(f"# {'    ' * (level - 1)}{file}" for level, file in files))
    print(config.pretty_text if args.out is None else f"Written to {args.out}.")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
