# Every pose that continues no track starts one.
_base_ = "./corrtrack_hrnet-tiny_synthetic-128x96.py"

model = dict(association=dict(births=[]))
