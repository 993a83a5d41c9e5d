"""Takes the weights of the similarity out of a tracker's checkpoint.

    python tools/model_converters/extract_similarity.py work_dirs/X/epoch_5.pth matcher.pth

The file is what a similarity's option checkpoint takes: tensors, and the names of the keypoints
that the checkpoint was trained on, if it says so.
"""

import argparse
import sys
from collections.abc import Sequence

from mmpose_temporal_cli import add_overwrite, run_tool

INSIDE = "association.similarity."


def run(args: argparse.Namespace) -> None:
    """Does what the arguments say.

    Raises:
        ValueError: The file is no checkpoint of a tracker whose similarity has weights.
    """
    import torch

    from mmpose_temporal.structures import stated_keypoints
    from mmpose_temporal.utils import atomic_write, require_free
    from mmpose_temporal.utils.checkpoint_files import read_plain
    from mmpose_temporal.utils.checkpoints import weights_of
    from mmpose_temporal.utils.training_mark import MARK

    require_free([args.out], overwrite=args.overwrite, inputs=[args.checkpoint])
    content = read_plain(args.checkpoint)
    weights = weights_of(content, args.checkpoint)
    found = {
        name.removeprefix(INSIDE): value.clone()
        for name, value in weights.items()
        if name.startswith(INSIDE)
    }
    if not found:
        raise ValueError(f"{args.checkpoint} has no tensor under {INSIDE}")
    if MARK in found:
        raise ValueError(
            f"{args.checkpoint}: the weights of its similarity are random: it was saved by a "
            "training that does not train the similarity"
        )
    keypoints = stated_keypoints(content)
    meta = {} if keypoints is None else {"keypoint_names": list(keypoints)}
    with atomic_write(args.out, "wb") as file:
        torch.save({"state_dict": found, "meta": meta}, file)
    print(f"{len(found)} tensors, {sum(value.numel() for value in found.values())} numbers")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", help="of a tracker, as tools/train.py writes it")
    parser.add_argument("out", help="file to be written")
    add_overwrite(parser)
    return run_tool(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
