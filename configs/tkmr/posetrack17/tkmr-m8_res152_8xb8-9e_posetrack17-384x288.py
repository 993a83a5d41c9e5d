# M8 of Table 3: M7 with the stronger detector.
_base_ = "./tkmr-m7_res152_8xb8-9e_posetrack17-384x288.py"

model = dict(box_source=_base_.tkmr_x101_pnms)
