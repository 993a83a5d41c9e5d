# A memory of 16 entries with vanilla attention.
_base_ = "./ptm-none_hrnet-tiny_synthetic-128x96.py"

model = dict(
    estimator=dict(
        neck=dict(_base_.ptm_tiny_neck, attention="vanilla"),
        describers=[dict(type="MemoryDescriber")],
    ),
    memory=dict(type="PersonMemory"),
)
