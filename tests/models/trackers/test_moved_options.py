from importlib import import_module

import pytest
from mmpose.registry import MODELS

from mmpose_temporal.utils import warn_once


def build(type="Association", **options):
    return MODELS.build(dict(type=type, similarity=dict(type="IoUSimilarity"), **options))


@pytest.fixture
def warnings(monkeypatch) -> list[str]:
    """What is warned of from now on, as if in a process of its own."""
    said: list[str] = []
    warn_once.cache_clear()
    module = import_module("mmpose_temporal.utils.warn_once")
    monkeypatch.setattr(module, "print_log", lambda text, **_: said.append(text))
    yield said
    warn_once.cache_clear()


def test_options_of_the_association_are_accepted_with_one_warning(warnings):
    for _ in range(2):
        association = build(max_age=7, new_track_thr=0.4)
        assert association.life.max_age == 7
        assert [part.new_track_thr for part in association.births] == [0.4]
    assert len(warnings) == 2  # one for each option, however often it is built
    assert "life=dict(max_age=7)" in warnings[0]
    assert "ScoreBirths" in warnings[1]


def test_the_new_form_is_not_warned_of(warnings):
    build(life=dict(max_age=7), births=[dict(type="ScoreBirths", new_track_thr=0.4)])
    assert warnings == []


def test_the_former_options_go_with_new_ones(warnings):
    life = dict(type="ConfirmedLife", confirm_length=4)
    association = build(max_age=7, life=life, new_track_thr=0.4)
    assert (association.life.max_age, association.life.confirm_length) == (7, 4)
    assert [part.new_track_thr for part in association.births] == [0.4]


def test_given_twice():
    with pytest.raises(ValueError, match="max_age is given twice"):
        build(max_age=7, life=dict(max_age=7))
    births = [dict(type="ScoreBirths", new_track_thr=0.1)]
    with pytest.raises(ValueError, match="new_track_thr is given twice"):
        build(new_track_thr=0.4, births=births)


@pytest.mark.parametrize(
    ("option", "new"),
    [
        (dict(history=4), r"depth=dict\(type='History', history=4"),
        (dict(nearest=2), r"depth=dict\(type='History', nearest=2"),
        (dict(confirm_length=3), r"life=dict\(type='ConfirmedLife', confirm_length=3"),
        (dict(tentative_age=2), r"life=dict\(type='ConfirmedLife', tentative_age=2"),
    ],
)
def test_options_of_a_part_are_refused_with_the_new_form(option, new):
    with pytest.raises(ValueError, match=new):
        build(**option)


def test_what_never_was_an_option():
    with pytest.raises(TypeError, match="max_agee"):
        build(max_agee=7)


@pytest.mark.parametrize(
    ("kind", "new"),
    [
        ("HistoryAssociation", r"depth=dict\(type='History'"),
        ("ConfirmedAssociation", r"life=dict\(type='ConfirmedLife'"),
    ],
)
def test_former_associations_are_refused_with_the_new_form(kind, new):
    with pytest.raises(ValueError, match=f"(?s){kind}.*{new}"):
        build(kind, max_age=3)
