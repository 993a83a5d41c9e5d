# What every tracking config adds to mmpose's own runtime. The names differ from mmpose's, since
# two bases must not define the same one; a config puts them in place with
#     default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
#     visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
custom_imports = dict(imports=["mmpose_temporal"], allow_failed_imports=False)

# mmpose's hooks without its BadCaseAnalysisHook, which compares the n-th prediction with the n-th
# annotation of an image: the people of a tracker are in no such order. `--badcase` of
# tools/test.py so ends with an error.
#
# The best checkpoint is that of the highest AP: training changes the estimator only, whose measure
# AP is, while MOTA depends on score thresholds and association as well.
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
