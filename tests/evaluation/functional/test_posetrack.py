"""Figures from counts, the protocols' differences, and the data set as a whole."""

from dataclasses import replace

import numpy as np
import pytest

from mmpose_temporal.evaluation.functional import (
    GroundTruthFrame,
    PredictionFrame,
    VideoInput,
    add_counts,
    evaluate_video,
    evaluate_videos,
    figure_keys,
    summarize,
)


def _video(name="v", frames=5, never=(), empty=(), absent=()):
    """Two people with head size 10, all predictions exact; ``empty`` frames have none."""
    points = np.zeros((2, 15, 2))
    points[1] = 100
    visible, present = np.ones((2, 2, 15), bool)
    visible[:, list(never)] = False
    present[:, list(absent)] = False
    truth = GroundTruthFrame(points, visible, np.full(2, 10.0), np.array([1, 2]))
    scores = np.linspace(0.1, 0.9, 30).reshape(2, 15)
    found = PredictionFrame(points, present, scores, np.array([5, 6]))
    nobody = PredictionFrame(points[:0], present[:0], scores[:0], np.zeros(0, int))
    predictions = [nobody if t in empty else found for t in range(frames)]
    return VideoInput(name, [truth] * frames, predictions)


@pytest.mark.parametrize("protocol", ["poseval", "strict"])
def test_perfect(protocol):
    figures = evaluate_videos([_video()], protocol=protocol)
    for name in ("AP", "MOTA", "MOTP", "Precision", "Recall"):
        assert figures.totals[name] == 100
        assert set(figures.groups[name].values()) == {100.0}
    assert figures.idsw == 0
    assert figures.idsw_pct == 0


def test_keys():
    flat = evaluate_videos([_video()]).as_dict()
    assert tuple(flat) == figure_keys()
    # 7 figures with 7 groups and a total; IDSW, IDSW_pct, Frag; IDP, IDR; DetA, AssA, LocA; legacy
    assert len(flat) == 7 * 8 + 3 + 2 + 3 + 1
    assert {"AP", "AP_Head", "MOTA", "MOTA_Ankl", "MOTP", "Recall_Elb", "IDSW"} <= flat.keys()


def test_frame_without_predictions_differs_by_protocol():
    video = _video(empty=[1])
    # strict: 2 of 10 people missed
    assert evaluate_videos([video], protocol="strict").totals["MOTA"] == pytest.approx(
        100 * 8 / 10
    )
    # poseval: 4 frames, three with 2 people, one pseudo object with miss and false positive
    assert evaluate_videos([video]).totals["MOTA"] == pytest.approx(100 * (1 - 2 / 7))
    # AP misses 2 of 10 in both
    assert evaluate_videos([video]).totals["AP"] == pytest.approx(80)


def test_never_annotated_never_predicted():
    video = _video(never=[0], absent=[0])
    poseval = evaluate_videos([video])
    assert poseval.totals["AP"] == pytest.approx(100 * 14 / 15)
    assert poseval.totals["MOTP"] == pytest.approx(100 * 14 / 15)
    assert poseval.totals["MOTA"] == 100  # undefined, left out
    assert np.isnan(poseval.groups["MOTA"]["Head"])
    for options in (dict(joints="annotated"), dict(protocol="strict")):
        figures = evaluate_videos([video], **options)
        assert figures.totals["AP"] == figures.totals["MOTP"] == figures.totals["MOTA"] == 100
        assert figures.groups["MOTA"]["Head"] == 100


def test_never_annotated_with_a_frame_without_predictions():
    video = _video(never=[0], absent=[0], empty=[2])
    # 14 joints at 1 - 2/7; the pseudo object alone: 1 - (1 + 1) / 1
    poseval = evaluate_videos([video])
    assert poseval.per_joint["MOTA"][0] == -100
    assert poseval.totals["MOTA"] == pytest.approx((14 * 100 * (1 - 2 / 7) - 100) / 15)
    annotated = evaluate_videos([video], joints="annotated")
    assert annotated.totals["MOTA"] == pytest.approx(100 * (1 - 2 / 7))


def test_never_annotated_but_predicted():
    figures = evaluate_videos([_video(never=[0])])
    assert np.isnan(figures.per_joint["AP"][0])
    assert figures.totals["AP"] == 100
    assert np.isnan(figures.groups["AP"]["Head"])
    assert figures.totals["Precision"] == pytest.approx(100 * 14 / 15)
    assert evaluate_videos([_video(never=[0])], joints="annotated").totals["Precision"] == 100


def test_a_group_that_is_never_annotated_is_undefined():
    figures = evaluate_videos([_video(never=[0, 1, 2])], joints="annotated")
    assert np.isnan(figures.groups["AP"]["Head"])
    assert figures.totals["AP"] == 100


def _with_ids(video, ids):
    predictions = [
        replace(frame, track_ids=np.array(pair))
        for frame, pair in zip(video.predictions, ids, strict=True)
    ]
    return VideoInput(video.video_id, video.ground_truth, predictions)


def test_switches():
    # ids are swapped for good at frame 2: two people x 15 joints switch once
    video = _with_ids(_video(), [(5, 6), (5, 6), (6, 5), (6, 5), (6, 5)])
    strict = evaluate_videos([video], protocol="strict")
    assert strict.idsw == 30
    assert strict.idsw_pct == pytest.approx(100 * 30 / (5 * 2 * 15))
    assert strict.totals["MOTA"] == pytest.approx(100 * (1 - 2 / 10))
    poseval = evaluate_videos([video])
    assert poseval.idsw_pct == pytest.approx(100 * 30 / (4 * 2 * 15))


def test_switch_percentage_counts_pseudo_objects_with_poseval():
    video = _with_ids(_video(frames=4), [(5, 6), (6, 5), (6, 5), (6, 5)])
    empty = VideoInput("w", video.ground_truth, _video(frames=4, empty=[0]).predictions)
    # v: 3 frames x 2 people, w: 2 frames x 2 people + 1 pseudo object, x 15 joints
    assert evaluate_videos([video, empty]).idsw_pct == pytest.approx(100 * 30 / (15 * (6 + 5)))


def test_ids_do_not_live_on_in_the_next_video():
    second = _with_ids(_video("w"), [(6, 5)] * 5)
    assert evaluate_videos([_video("v"), second]).idsw == 0


def test_videos_are_combined_by_counts():
    # 2 frames, both without predictions, and 8 perfect ones: 4 of 20 missed. Mean of ratios: 50 %
    videos = [_video("a", frames=2, empty=[0, 1]), _video("b", frames=8)]
    figures = evaluate_videos(videos, protocol="strict")
    assert figures.totals["MOTA"] == pytest.approx(100 * (1 - 4 / 20))
    assert figures.totals["Recall"] == pytest.approx(100 * 16 / 20)


def test_thresholds_act_on_their_figures_only():
    # scores go from 0.1 to 0.9 over the two people: above 0.5 only the second is left
    ap_only = evaluate_videos([_video()], protocol="strict", ap_score_thr=0.5)
    assert ap_only.totals["AP"] == pytest.approx(50)
    assert ap_only.totals["MOTA"] == 100
    mota_only = evaluate_videos([_video()], protocol="strict", mota_score_thr=0.5)
    assert mota_only.totals["AP"] == 100
    assert mota_only.totals["MOTA"] == pytest.approx(50)


def test_motp():
    video = _video(frames=3)
    moved = [replace(f, keypoints=f.keypoints + np.array([1.0, 0])) for f in video.predictions]
    video = VideoInput("v", video.ground_truth, moved)
    # every joint is 1 pixel off: 1 - 0.1; poseval adds the candidates: 1 - 2 * 0.1
    assert evaluate_videos([video], protocol="strict").totals["MOTP"] == pytest.approx(90)
    assert evaluate_videos([video]).totals["MOTP"] == pytest.approx(80)


def test_nothing_predicted_at_all():
    strict = evaluate_videos([_video(empty=range(5))], protocol="strict")
    assert strict.totals["AP"] == strict.totals["MOTA"] == strict.totals["Recall"] == 0
    assert np.isnan(strict.totals["MOTP"])
    poseval = evaluate_videos([_video(empty=range(5))])
    assert poseval.totals["MOTA"] == -100
    assert poseval.totals["MOTP"] == 0


def test_counts_of_videos_can_be_kept_and_added():
    counts = [evaluate_video(_video("a")), evaluate_video(_video("b", empty=[1]))]
    together = evaluate_videos([_video("a"), _video("b", empty=[1])])
    assert summarize(counts[0] + counts[1]).as_dict() == together.as_dict()


def test_errors():
    with pytest.raises(ValueError, match="no videos"):
        evaluate_videos([])
    with pytest.raises(ValueError, match="'a' is given twice"):
        evaluate_videos([_video("a"), _video("a")])
    with pytest.raises(ValueError, match="protocol must be one of"):
        evaluate_videos([_video()], protocol="Poseval")
    with pytest.raises(ValueError, match="joints must be one of"):
        evaluate_videos([_video()], joints="some")
    with pytest.raises(ValueError, match="mota_score_thr must be a number"):
        evaluate_videos([_video()], mota_score_thr=float("nan"))


def test_metrics_can_be_chosen():
    video = _with_ids(_video(), [(5, 6), (5, 6), (6, 5), (6, 5), (6, 5)])
    everything = evaluate_videos([video]).as_dict()
    for metrics in (("AP",), ("MOTA",), ("IDF1",), ("HOTA",), ("HOTA_legacy",), ("HOTA", "AP")):
        chosen = evaluate_videos([video], metrics=metrics).as_dict()
        assert tuple(chosen) == figure_keys(metrics)
        assert chosen == {name: everything[name] for name in chosen}
    assert figure_keys(("HOTA", "AP"))[0] == "AP_Head"
    assert figure_keys(("IDF1",))[-3:] == ("IDF1", "IDP", "IDR")


def test_identity_figures_leave_out_joints_that_are_never_annotated():
    figures = evaluate_videos([_video(never=[0])])
    for name in ("IDF1", "IDP", "IDR", "HOTA", "DetA", "AssA", "LocA"):
        assert np.isnan(figures.per_joint[name][0]), name
        assert figures.totals[name] == pytest.approx(100), name
        assert figures.groups[name]["Head"] == pytest.approx(100), name
    # the kit of PoseTrack21 counts such a joint with 0 (its joints are all false
    # positives), but its total is of all joints' counts: DetA 14 / 15, AssA the mean 14 / 15
    assert figures.per_joint["HOTA_legacy"][0] == 0
    assert figures.totals["HOTA_legacy"] == pytest.approx(100 * 14 / 15)


def test_the_tracking_threshold_is_for_all_but_ap():
    # above 0.5 only the second person is left: half of the joints
    figures = evaluate_videos([_video()], mota_score_thr=0.5, protocol="strict")
    assert figures.totals["AP"] == 100
    assert figures.totals["IDR"] == pytest.approx(50)
    assert figures.totals["IDP"] == pytest.approx(100)
    assert figures.totals["DetA"] == pytest.approx(50)
    # person 1 alone for the kit of PoseTrack21: person 0 stands at (0, 0), where it sees nobody
    assert figures.totals["HOTA_legacy"] == pytest.approx(100)


def test_counts_of_different_metrics_cannot_be_added():
    first, second = (evaluate_video(_video(), metrics=(name,)) for name in ("AP", "MOTA"))
    with pytest.raises(ValueError, match="cannot be added"):
        first + second


@pytest.mark.parametrize("metrics", ["AP", ("AP", "mAP"), ()])
def test_unknown_metrics(metrics):
    with pytest.raises(ValueError, match="metrics must be some of"):
        evaluate_videos([_video()], metrics=metrics)
    with pytest.raises(ValueError, match="metrics must be some of"):
        figure_keys(metrics)


def test_adding_pairwise_keeps_the_order():
    videos = [_video(name, frames=2 + n) for n, name in enumerate("abcde")]
    counts = [evaluate_video(video) for video in videos]
    together = add_counts(counts).detections
    one_by_one = np.concatenate([count.detections.scores for count in counts])
    assert together.scores.tolist() == one_by_one.tolist()
    assert add_counts([]).metrics is None
    with pytest.raises(ValueError, match="no videos"):
        summarize(add_counts([]))
