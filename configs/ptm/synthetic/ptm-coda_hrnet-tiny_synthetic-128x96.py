# A memory of 16 entries with CoDA.
_base_ = "./ptm-none_hrnet-tiny_synthetic-128x96.py"

model = dict(
    estimator=dict(
        neck=dict(_base_.ptm_tiny_neck, attention="coda"),
        describers=[dict(type="MemoryDescriber")],
    ),
    memory=dict(type="PersonMemory"),
)
