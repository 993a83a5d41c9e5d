import cv2
import matplotlib.pyplot as plt
import numpy as np
import pytest

from mmpose_temporal.visualization import (
    build_timeline,
    draw_timeline,
    save_timeline,
    track_colors,
)


@pytest.fixture
def timeline():
    return build_timeline([[9, 5]] * 6, [[1, 3], [1, 3], [2, 3], [2, 3], [-1, 3], [2, 3]])


def test_png_has_the_tracks_colors(tmp_path, timeline):
    path, before = tmp_path / "new" / "timeline.png", plt.get_fignums()
    save_timeline(timeline, path, title="000342")
    picture = cv2.imread(str(path))[..., ::-1].reshape(-1, 3)
    share = {i: (picture == track_colors(i)[0]).all(1).mean() for i in (1, 2, 3, 4)}
    # Id 3 covers 6 columns, id 2 covers 3, id 1 covers 2, id 4 none (the letters take a little).
    assert share[4] == 0
    assert share[1] / share[3] == pytest.approx(2 / 6, rel=0.05)
    assert share[2] / share[3] == pytest.approx(3 / 6, rel=0.05)
    assert [p.name for p in path.parent.iterdir()] == ["timeline.png"]
    assert plt.get_fignums() == before  # no global figure; mmengine's visualizers leave theirs


def test_title_and_rows_count(timeline):
    axes = draw_timeline(timeline, title="000342").axes[0]
    # 11 of the 12 entries are tracked: 92 %.
    title = "000342:  2 people, 1 identity switch, tracked 92% of the time"
    assert axes.get_title(loc="left") == title
    assert [t.get_text() for t in axes.get_yticklabels()] == ["person 9  (1 switch)", "person 5"]
    (marks,) = axes.get_lines()
    assert marks.get_xdata() == [2]


def test_keeps_the_rows_that_matter():
    ids = np.arange(8)
    table = [ids, ids, np.where(ids == 6, 66, ids)]
    figure = draw_timeline(
        build_timeline([ids, ids, ids[2:]], [*table[:2], table[2][2:]]), max_rows=2
    )
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert labels == ["person 2", "person 6  (1 switch)"]  # a switch first, then the longest
    assert "8 people" in figure.axes[0].get_title(loc="left")
    assert "2 rows shown" in figure.axes[0].get_title(loc="left")


def test_without_ground_truth_and_without_people(tmp_path):
    alone = build_timeline([[4], [4]], [[4], [4]], has_ground_truth=False)
    axes = draw_timeline(alone).axes[0]
    assert axes.get_title(loc="left") == "1 track, no ground truth"
    save_timeline(build_timeline([[], []], [[], []]), tmp_path / "nobody.png")
    save_timeline(build_timeline([], []), tmp_path / "nothing.png")
    assert cv2.imread(str(tmp_path / "nothing.png")) is not None


def test_max_rows_must_be_positive(timeline):
    with pytest.raises(ValueError, match="max_rows"):
        draw_timeline(timeline, max_rows=0)


def test_merged_tracks_are_joined_by_a_line():
    """Track 4 of frames 4 and 5 was merged with track 1 of frames 0 and 1."""
    rows = [[9], [9], [], [], [9], [9]]
    merged, own = [[1], [1], [], [], [1], [1]], [[1], [1], [], [], [4], [4]]
    axes = draw_timeline(build_timeline(rows, merged, unmerged_ids=own)).axes[0]
    title = "1 person, 0 identity switches, tracked 100% of the time, 1 merge"
    assert axes.get_title(loc="left") == title
    _, line = axes.get_lines()
    assert list(line.get_xdata()) == [2, 4]
    assert "was 4" in [text.get_text() for text in axes.texts]
    alone = build_timeline(merged, merged, unmerged_ids=own, has_ground_truth=False)
    figure = draw_timeline(alone)
    assert figure.axes[0].get_title(loc="left") == "1 track, no ground truth, 1 merge"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["two tracks merged"]


def test_a_merge_of_two_people_leads_from_row_to_row():
    rows, merged = [[9, 8], [9, 8], [8]], [[1, -1], [1, -1], [1]]
    own = [[1, -1], [1, -1], [4]]
    timeline = build_timeline(rows, merged, unmerged_ids=own, num_merges=2)
    axes = draw_timeline(timeline).axes[0]
    assert "2 merges (1 of tracks on nobody annotated)" in axes.get_title(loc="left")
    _, line = axes.get_lines()
    assert list(line.get_xdata()) == [2, 2] and list(line.get_ydata()) == [0, 1]
    one_row = draw_timeline(timeline, max_rows=1)
    assert len(one_row.axes[0].get_lines()) == 1  # the other row is not there
