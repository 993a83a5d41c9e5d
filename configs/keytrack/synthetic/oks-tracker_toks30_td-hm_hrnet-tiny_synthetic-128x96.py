_base_ = "./oks-tracker_none_td-hm_hrnet-tiny_synthetic-128x96.py"

model = dict(propagation=dict(type="TemporalOKS", oks_thr=0.3, alpha=1.25))
