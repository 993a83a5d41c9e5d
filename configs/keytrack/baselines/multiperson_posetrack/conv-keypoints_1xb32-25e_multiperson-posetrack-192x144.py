_base_ = "./conv-keypoints_1xb32-25e_multiperson-posetrack-24x18.py"

model = dict(association=dict(similarity=dict(resolution=(192, 144))))
