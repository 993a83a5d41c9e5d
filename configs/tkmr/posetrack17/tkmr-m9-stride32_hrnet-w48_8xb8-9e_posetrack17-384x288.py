# M9 with matching and refinement on HRNet's branch of stride 32 (no row of the paper), which adds
# 9 % to the network's arithmetic with flip test; on stride 4 they add 74 %.
_base_ = "./tkmr-m9_hrnet-w48_8xb8-9e_posetrack17-384x288.py"

stride32 = dict(in_channels=384, upsample=(2, 2, 2), in_index=3)
model = dict(
    estimator=dict(
        backbone=dict(type="BranchHRNet"), matching_head=stride32, refinement_head=stride32
    )
)
