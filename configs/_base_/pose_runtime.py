# Runtime of trainings on poses alone, which replaces mmpose's and ours.
_base_ = ["mmpose::_base_/default_runtime.py", "./default_runtime.py"]

randomness = dict(seed=0)

# No best checkpoint is chosen, as that would use the videos that are reported; use the last one.
default_hooks = dict(
    _delete_=True,
    **{
        **_base_.tracking_hooks,
        "checkpoint": dict(type="CheckpointHook", interval=5, max_keep_ckpts=1),
    },
)
visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
