# Tracks poses that are known already, of any estimator, by the frames they were found in:
#     python tools/track_poses.py configs/keytrack/baselines/flow-tracker.py POSES_DIR \
#         --images DATA_ROOT --out OUT_DIR
_base_ = ["../../baselines/oks-tracker.py", "../../_base_/models/flow.py"]

model = dict(association=dict(_delete_=True, **_base_.flow_association))
