# PTM with TKMR: M7 with a memory of 4 entries, which is the window of tau = 2. The pose head and
# refinement read the enhanced features. Matching reads the backbone's first layer as in M7, since
# that is where people look different. All but the backbone is trained at once, from stage 1 of
# TKMR, on its clips: the memory reads the anchor's crops in the order of their frames, all five of
# the window, and matching needs the other people.
_base_ = [
    "../../tkmr/synthetic/tkmr-m5_hrnet-tiny_synthetic-128x96.py",
    "../../_base_/models/ptm_tiny.py",
]

model = dict(
    estimator=dict(
        frozen=("backbone",),
        neck=dict(_base_.ptm_tiny_neck, capacity=4),
        refinement_head=_base_.tkmr_tiny_refinement_head,
        temporal_loss=dict(context_weight=_base_.tkmr_tiny_refinement.context_weight),
        describers=[*_base_.tkmr_tiny_estimator.describers, dict(type="MemoryDescriber")],
    ),
    memory=dict(type="PersonMemory", max_age=1),  # as TKMR's tracks
    refinement=_base_.tkmr_tiny_refinement,
)
train_dataloader = dict(dataset=dict(draw=dict(num_same=4, num_other=4)))
optim_wrapper = dict(optimizer=dict(lr=2e-3))  # that of stage 1, whose head goes on to learn
