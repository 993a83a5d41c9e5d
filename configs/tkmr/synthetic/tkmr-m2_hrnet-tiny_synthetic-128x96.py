# M2: pNMS, IoU; the same as stage 1.
_base_ = "./tkmr-stage1_hrnet-tiny_synthetic-128x96.py"
