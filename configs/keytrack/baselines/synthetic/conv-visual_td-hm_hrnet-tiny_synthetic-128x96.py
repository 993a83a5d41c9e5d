# The network is that of conv-visual_1xb32-5e_synthetic-24x18.py, whose weights come with
#     --cfg-options model.association.similarity.checkpoint=FILE
_base_ = "../../synthetic/keytrack_td-hm_hrnet-tiny_synthetic-128x96.py"

model = dict(
    association=dict(
        similarity=dict(_delete_=True, type="ConvEntailment", source="visual", resolution=(24, 18))
    )
)
