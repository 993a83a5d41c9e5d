_base_ = "./oks-tracker_td-hm_hrnet-w32_8xb64-20e_posetrack18-384x288.py"

model = dict(association=dict(similarity=dict(_delete_=True, type="IoUSimilarity")))
