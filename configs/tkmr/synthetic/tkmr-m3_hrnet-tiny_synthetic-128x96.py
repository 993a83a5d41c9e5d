# M3: pNMS, OKS; tested with the checkpoint of stage 1.
_base_ = "./tkmr-stage1_hrnet-tiny_synthetic-128x96.py"

model = dict(association=dict(_delete_=True, **_base_.tkmr_oks_association))
