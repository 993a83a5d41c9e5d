# What every tracking config adds to mmpose's own runtime, see configs/README.md:
#     val_dataloader = dict(_delete_=True, dataset=..., **_base_.tracking_dataloader)
#     val_evaluator = _base_.tracking_evaluator
#     default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
#     visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
custom_imports = dict(imports=["mmpose_temporal"], allow_failed_imports=False)

# mmpose's hooks without its BadCaseAnalysisHook, which compares the n-th prediction with the n-th
# annotation of an image: the people of a tracker are in no such order, so `--badcase`
# of tools/test.py is an error.
#
# The best checkpoint is that of the highest AP: training changes only the estimator, which
# AP measures, while MOTA depends on score thresholds and association as well.
tracking_hooks = dict(
    timer=dict(type="IterTimerHook"),
    logger=dict(type="LoggerHook", interval=50),
    param_scheduler=dict(type="ParamSchedulerHook"),
    checkpoint=dict(
        type="CheckpointHook",
        interval=1,
        max_keep_ckpts=3,
        save_best="posetrack/AP",
        rule="greater",
    ),
    sampler_seed=dict(type="DistSamplerSeedHook"),
    keypoints=dict(type="CheckKeypointsHook"),
    visualization=dict(type="PoseTrackVisualizationHook", enable=False),
)

tracking_visualizer = dict(
    type="PoseTrackVisualizer",
    vis_backends=[dict(type="LocalVisBackend")],
    name="visualizer",
)

tracking_dataloader = dict(
    batch_size=8,  # frames; all their people go through the estimator together
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type="VideoSampler"),
)

# AP uses all joints; for the tracking figures, joints below 0.4 are left out (choice: a joint
# that is reported where none is annotated costs MOTA as much as a miss).
tracking_evaluator = [dict(type="PoseTrackMetric", mota_score_thr=0.4)]
