from mmpose_temporal.structures import CallbackObserver, Observer
from mmpose_temporal.testing import make_packet, random_poses


def test_an_observer_wants_everything_and_does_nothing():
    packet, observer = make_packet(random_poses(1, seed=0)), Observer()
    assert observer.wants(packet)
    assert observer.associated(packet) is observer.finished(packet) is None


def test_functions_are_called_with_the_packet():
    packets = [make_packet(random_poses(1, seed=0), tick=t) for t in range(2)]
    associated, finished = [], []
    observer = CallbackObserver(
        wants=lambda packet: packet.tick == 1,
        associated=associated.append,
        finished=finished.append,
    )
    assert [observer.wants(packet) for packet in packets] == [False, True]
    observer.associated(packets[1])
    assert (associated, finished) == ([packets[1]], [])
    observer.finished(packets[1])
    assert (associated, finished) == ([packets[1]], [packets[1]])


def test_functions_that_are_not_given_are_not_needed():
    packet, observer = make_packet(random_poses(1, seed=0)), CallbackObserver()
    assert observer.wants(packet)
    assert observer.associated(packet) is observer.finished(packet) is None
