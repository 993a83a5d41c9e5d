# Phase 2: the refinement, on the embedding of phase 1, which stays as it is.
_base_ = "./corr-embedding_hrnet-tiny_stills-256x256.py"

model = dict(phase="refinement", refinement=_base_.corr_tiny_refinement)
load_from = "work_dirs/corr-embedding_hrnet-tiny_stills-256x256/epoch_4.pth"
