_base_ = ["./oks-tracker.py"]

model = dict(association=dict(similarity=dict(_delete_=True, type="IoUSimilarity")))
