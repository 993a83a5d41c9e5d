_base_ = "./oks-tracker_td-hm_res101_8xb32-20e_posetrack21-384x288.py"

model = dict(association=dict(similarity=dict(_delete_=True, type="IoUSimilarity")))
