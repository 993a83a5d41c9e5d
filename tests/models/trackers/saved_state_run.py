"""Goes on with saved videos in a process of its own: see test_saved_state.py.

python saved_state_run.py SAVED ANSWERS
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import torch
from mmpose.utils import register_all_modules
from saved_state_cases import answers, build_case, videos

import mmpose_temporal  # noqa: F401


def main() -> None:
    """Run all cases of the file."""
    register_all_modules()
    torch.manual_seed(1)  # the networks' weights come from the file, not from the seed
    saved = torch.load(sys.argv[1], weights_only=True)
    found = {}
    for name, case in saved.items():
        tracker = build_case(case["case"])
        tracker.load_state_dict(case["weights"])
        tracker.load_video_state_dict(case["videos"])
        found[name] = answers(tracker, videos()[case["seen"] :])
    torch.save(found, sys.argv[2])


if __name__ == "__main__":
    main()
