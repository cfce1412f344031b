"""Ratios are taken turn by turn, and goals by the worst of them."""

from bench import goals
from bench.cost import Memory
from bench.flow import Flow
from bench.load import Tally
from bench.reaction import Lag
from bench.turns import PATIENCE, Measured, Turn, quietest, ratio


def a_measured(side: str, *counts: int, operation: str = "read", connections: int = 1) -> Measured:
    return Measured(side, operation, connections, [Turn(Tally(1.0, [1000] * count), {}, 0.0) for count in counts])


def test_a_turn_is_compared_with_its_neighbour() -> None:
    ours, theirs = a_measured("suite", 40, 10, 50), a_measured("baseline", 100, 20, 100)
    assert ratio(ours, theirs) == 0.5


def test_the_worst_number_of_connections_decides() -> None:
    good = (a_measured("suite", 90), a_measured("baseline", 100))
    bad = (a_measured("suite", 30, connections=16), a_measured("baseline", 100, connections=16))
    assert [goal.met for goal in goals.of_ratios([good])] == [True]
    assert [goal.met for goal in goals.of_ratios([good, bad])] == [False]


def test_an_event_without_reaction_misses_the_goal() -> None:
    assert all(goal.met for goal in goals.of_lag(Lag([1.0, 2.0], 200, 0)))
    assert not any(goal.met for goal in goals.of_lag(Lag([1.0, 2.0], 200, 1)))


def test_shared_memory_counts_once() -> None:
    assert goals.of_memory({"one": Memory(700, 300), "two": Memory(700, 300)}).met


def test_a_percentile_is_a_latency_that_was_seen() -> None:
    tally = Tally(1.0, list(range(1000, 101_000, 1000)))
    assert [tally.percentile(share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 51.0, 100.0, 100.0]


def noisy(share: float) -> list[Turn]:
    return [Turn(Tally(), {}, share)]


def test_a_quiet_machine_is_asked_no_more_often_than_needed() -> None:
    shares = iter([0.0, 0.05, 0.5])
    assert [turns[0].others for turns in quietest(2, lambda: noisy(next(shares)))] == [0.0, 0.05]


def test_on_a_noisy_machine_the_quietest_rounds_count() -> None:
    shares = iter([0.9, 0.3, 0.8, 0.2])
    assert [turns[0].others for turns in quietest(2, lambda: noisy(next(shares)))] == [0.3, 0.2]
    assert next(shares, None) is None
    assert PATIENCE == 2


def test_a_flow_that_is_too_slow_misses_its_goal() -> None:
    fast, slow = (Flow("mail", items=items, seconds=2.0, least=50.0) for items in (100, 99))
    assert [goal.met for goal in goals.of_flows([fast, slow])] == [True, False]


def test_what_a_promise_takes_of_the_machine_counts_every_process() -> None:
    assert Flow("mail", items=10, seconds=1.0, least=50.0, cpu={"service": 1e5, "mongod": 1e5}).cores == 1.0
