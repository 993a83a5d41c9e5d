"""``python -m mmpose_temporal`` is ``mmpose-temporal``."""

import sys

from mmpose_temporal_cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
