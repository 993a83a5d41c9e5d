# A memory of 16 entries, coda attention.
_base_ = "./ptm-none_hrnet-tiny_synthetic-128x96.py"

model = dict(estimator=dict(**_base_.ptm_tiny_estimator), memory=dict(type="PersonMemory"))
model["estimator"]["neck"]["attention"] = "coda"
