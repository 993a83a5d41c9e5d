# keytrack-tracker, and tracks that continue others are joined to them at the end of the video:
#     python tools/track_poses.py configs/keytrack/keytrack-tracker-merging.py POSES_DIR --out OUT
_base_ = "keytrack-tracker.py"

model = dict(
    merging=dict(
        type="SimilarityMerging",  # with the matcher of the association
        min_similarity=0.05,
        # Shorter tracks are mostly duplicates or false positives.
        min_poses=3,
    )
)
