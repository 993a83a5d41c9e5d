# oks-tracker, and tracks that continue others are joined to them at the end of the video:
#     python tools/track_poses.py configs/baselines/oks-tracker-merging.py POSES_DIR --out OUT_DIR
_base_ = ["oks-tracker.py", "../_base_/models/track_entailment.py"]

model = dict(
    merging=dict(
        type="SimilarityMerging",
        similarity=_base_.shipped_association["similarity"],
        min_similarity=0.05,
        min_poses=3,
    )
)
