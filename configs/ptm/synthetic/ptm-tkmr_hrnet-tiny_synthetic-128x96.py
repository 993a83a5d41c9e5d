# PTM with TKMR: M7 with a memory of 4 entries, which is the window of tau = 2. The pose head and
# refinement read the enhanced features. Matching reads the backbone's first layer as in M7, since
# that is where people look different. All but the backbone is trained at once, from stage 1 of
# TKMR, on its clips: the memory reads the anchor's crops in the order of their frames, all five of
# the window, and matching needs the other people.
_base_ = [
    "../../tkmr/synthetic/tkmr-m5_hrnet-tiny_synthetic-128x96.py",
    "../../_base_/models/ptm.py",
]

model = dict(
    estimator=dict(
        frozen=("backbone",),
        # Cells of 2 x 2 of the map, 16 x 12. Thresholds by memory_thresholds.py, of a small
        # network and 258 people: of the joints above 1.0 83 % are right, of those below 0.8 35 %,
        # and three quarters of the people who are found well have a sum above 14.9.
        neck=dict(
            _base_.ptm_neck,
            in_channels=16,
            embed_channels=16,
            num_heads=4,
            read_stride=2,
            capacity=4,
            blur_kernel=5,
            high_thr=1.0,
            low_thr=0.8,
            heatmap_thr=14.9,
        ),
        refinement_head=_base_.tkmr_tiny_refinement_head,
        temporal_loss=dict(context_weight=_base_.tkmr_tiny_refinement.context_weight),
        describers=[*_base_.tkmr_tiny_estimator.describers, dict(type="MemoryDescriber")],
    ),
    memory=_base_.ptm_memory,
    refinement=_base_.tkmr_tiny_refinement,
)
train_dataloader = dict(dataset=dict(draw=dict(num_same=4, num_other=4)))
optim_wrapper = dict(optimizer=dict(lr=2e-3))  # that of stage 1, whose head goes on to learn
