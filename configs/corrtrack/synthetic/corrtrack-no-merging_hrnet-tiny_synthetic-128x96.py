# Tracks stay as they are at the end of a video.
_base_ = "./corrtrack_hrnet-tiny_synthetic-128x96.py"

model = dict(merging=None)
