_base_ = "./oks-tracker_td-hm_res50_8xb64-20e_posetrack18-256x192.py"

model = dict(association=dict(similarity=dict(_delete_=True, type="IoUSimilarity")))
