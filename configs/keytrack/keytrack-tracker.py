# Gives ids to the poses of any estimator, with the matcher that the package ships:
#     python tools/track_poses.py configs/keytrack/keytrack-tracker.py POSES_DIR --out OUT_DIR
_base_ = "../_base_/models/track_entailment.py"

custom_imports = dict(imports=["mmpose_temporal"], allow_failed_imports=False)
default_scope = "mmpose"

model = dict(
    type="PoseOnlyTracker",
    backbone=dict(),  # none: mmpose's init_model, which looks for it, gets told what to use
    # Joints under 0.3 are left out, as is usual where MOTA counts (the paper's A.3 takes 0.57).
    # For estimators whose scores have another scale, or for AP, set this to 0.
    keypoint_score_thr=0.3,
    # Tracks with one or two poses are mostly duplicates or false positives (choice).
    min_length=3,
    association=_base_.shipped_association,
)
