"""Show a config as it is after all its bases are merged, and which files it came from."""

import argparse
import sys
from pathlib import Path

from mmengine.config import Config, DictAction

from mmpose_temporal.utils import atomic_write, base_files


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="config file")
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=DictAction,
        default={},
        help="settings of the config to change, as key=value",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the config here (a .py file without bases) in place of printing it",
    )
    return parser.parse_args()


def main() -> int:
    """Run; the exit status is 1 when the input is bad."""
    args = parse_arguments()
    try:
        if args.out is not None and args.out.suffix != ".py":
            raise ValueError(f"--out must end in .py, got {args.out}")
        files = base_files(args.config)
        config = Config.fromfile(args.config)
        config.merge_from_dict(args.cfg_options)
        text = config.pretty_text
        if args.out is not None:
            with atomic_write(args.out) as part:
                part.write(text)
    except (ValueError, OSError, KeyError, TypeError, SyntaxError) as error:
        print(f"print_config: {error}", file=sys.stderr)
        return 1
    print("\n".join(f"# {'    ' * (level - 1)}{file}" for level, file in files))
    print(text if args.out is None else f"Written to {args.out}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
