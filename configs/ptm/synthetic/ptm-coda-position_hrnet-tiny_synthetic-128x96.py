# A memory of 16 entries with CoDA, whose keys and queries know the places of cells.
_base_ = "./ptm-none_hrnet-tiny_synthetic-128x96.py"

model = dict(
    estimator=dict(
        neck=dict(_base_.ptm_tiny_neck, attention="coda", position=True),
        describers=[dict(type="MemoryDescriber")],
    ),
    memory=dict(type="PersonMemory"),
)
