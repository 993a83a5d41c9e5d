_base_ = "./oks-tracker_td-hm_res152_8xb32-20e_posetrack18-256x192.py"

model = dict(association=dict(similarity=dict(_delete_=True, type="IoUSimilarity")))
