# S Table 1: M7 with tau = 0: nothing is refined, so its checkpoint is M7's.
_base_ = "./tkmr-m7_res152_8xb8-9e_posetrack17-384x288.py"

model = dict(refinement=dict(tau=0))
