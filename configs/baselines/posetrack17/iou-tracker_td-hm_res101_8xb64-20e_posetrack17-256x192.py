_base_ = "./oks-tracker_td-hm_res101_8xb64-20e_posetrack17-256x192.py"

model = dict(association=dict(similarity=dict(_delete_=True, type="IoUSimilarity")))
