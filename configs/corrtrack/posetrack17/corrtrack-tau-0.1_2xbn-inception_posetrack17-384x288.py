# Table 1, tau_corr = 0.1.
_base_ = "./corrtrack_2xbn-inception_posetrack17-384x288.py"

model = dict(association=dict(similarity=dict(corr_thr=0.1)))
