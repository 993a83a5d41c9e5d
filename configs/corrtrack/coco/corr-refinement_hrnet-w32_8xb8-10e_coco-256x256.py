# Phase 2 on the embedding by HRNet-W32; the refinement is the same.
_base_ = "./corr-refinement_bn-inception_8xb8-10e_coco-256x256.py"

model = dict(
    _delete_=True,
    **_base_.corr_hrnet_embedding,
    phase="refinement",
    refinement=_base_.corr_refinement,
)
load_from = "work_dirs/corr-embedding_hrnet-w32_8xb16-20e_coco-256x256/epoch_20.pth"
