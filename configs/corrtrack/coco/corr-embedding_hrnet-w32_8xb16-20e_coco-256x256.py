# The embedding by HRNet-W32, whose map at stride 4 has 32 channels and needs no neck (choice).
_base_ = "./corr-embedding_bn-inception_8xb16-20e_coco-256x256.py"

model = dict(_delete_=True, **_base_.corr_hrnet_embedding)
