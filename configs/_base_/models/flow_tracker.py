# Poses of earlier frames, moved by dense optical flow, and OKS, as in Simple Baselines (Xiao et
# al., ECCV 2018) with OpenCV's DIS flow. To be put over a config of oks_tracker.py with
#     model = dict(association=_base_.flow_association)
flow_association = dict(similarity=dict(type="FlowSimilarity", preset="medium", long_edge=512))
