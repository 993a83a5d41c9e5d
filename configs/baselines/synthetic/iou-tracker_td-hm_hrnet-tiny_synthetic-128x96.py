_base_ = "./oks-tracker_td-hm_hrnet-tiny_synthetic-128x96.py"

model = dict(association=dict(similarity=dict(_delete_=True, type="IoUSimilarity")))
