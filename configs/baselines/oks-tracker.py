# Tracks poses that are known already, of any estimator:
#     python tools/track_poses.py configs/baselines/oks-tracker.py POSES_DIR --out OUT_DIR
_base_ = ["../_base_/models/oks_tracker.py"]

custom_imports = dict(imports=["mmpose_temporal"], allow_failed_imports=False)
default_scope = "mmpose"

model = {**_base_.tracker, "type": "PoseOnlyTracker", "box_score_thr": 0.0}
