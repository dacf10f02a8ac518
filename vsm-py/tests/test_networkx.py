"""Schedules of plain networks against longest paths as networkx finds them, with Bellman and Ford's algorithm on negated weights."""

import random
from datetime import datetime, timedelta, timezone

import pytest
import vsm

networkx = pytest.importorskip("networkx")

START = datetime(2026, 3, 2, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
FIRST, LAST = "first of all", "last of all"


def some_network(seed):
    """Activities by id with their minutes, in no order, and links between them that form no circle."""
    dice = random.Random(seed)
    ids = [f"a{n:02}" for n in range(dice.randint(1, 40))]
    dice.shuffle(ids)
    minutes = {id: dice.choice([0, 1, 60, dice.randrange(10_000)]) for id in ids}
    density = dice.choice([0.02, 0.1, 0.4])
    links = [(a, b) for n, a in enumerate(ids) for b in ids[n + 1 :] if dice.random() < density]
    dice.shuffle(links)
    return minutes, links


def scheduled(minutes, links):
    return vsm.schedule(
        vsm.NetworkQuery(
            start=START,
            activities=[vsm.NetworkActivity(id=id, duration=n * MINUTE) for id, n in minutes.items()],
            dependencies=[vsm.NetworkDependency(from_=a, to=b) for a, b in links],
        )
    )


def longest_from(graph, start):
    """How long the longest way is to each node."""
    shortest = networkx.single_source_bellman_ford_path_length(graph, start, weight="negated")
    return {node: -length for node, length in shortest.items()}


def ways(minutes, links):
    """A graph in which the length of a way from the first node is when its end can start."""
    graph = networkx.DiGraph()
    graph.add_edges_from((FIRST, id, {"weight": 0, "negated": 0}) for id in minutes)
    graph.add_edges_from((id, LAST, {"weight": n, "negated": -n}) for id, n in minutes.items())
    graph.add_edges_from((a, b, {"weight": minutes[a], "negated": -minutes[a]}) for a, b in links)
    return graph


@pytest.mark.parametrize("seed", range(200))
def test_dates_and_float_are_those_of_longest_paths(seed):
    minutes, links = some_network(seed)
    path = scheduled(minutes, links)
    graph = ways(minutes, links)
    before, after = longest_from(graph, FIRST), longest_from(graph.reverse(), LAST)
    length = networkx.dag_longest_path_length(graph)
    assert path.length == length * MINUTE and path.finish == START + length * MINUTE

    told = {activity.item: activity for activity in path.activities}
    assert told.keys() == minutes.keys()
    for id, activity in told.items():
        # The way to the end includes the activity's own time.
        early, late = before[id], length - after[id]
        follows = [before[b] for a, b in links if a == id]
        free = min(follows, default=length) - early - minutes[id]
        assert (activity.early_start, activity.early_finish) == at(early, early + minutes[id])
        assert (activity.late_start, activity.late_finish) == at(late, late + minutes[id])
        assert (activity.total_float, activity.free_float) == ((late - early) * MINUTE, free * MINUTE)

    # The chain that is told is a way, and none is longer.
    chain = [FIRST, *path.path, LAST]
    assert networkx.is_path(graph, chain) and networkx.path_weight(graph, chain, "weight") == length


def at(*minutes):
    return tuple(START + n * MINUTE for n in minutes)


def test_a_circle_is_one_for_both():
    minutes, links = {"a": 1, "b": 2, "c": 3}, [("a", "b"), ("b", "c"), ("c", "a")]
    with pytest.raises(vsm.CycleError) as error:
        scheduled(minutes, links)
    circle = error.value.path
    assert circle[0] == circle[-1]
    # Each needs the next.
    assert {(b, a) for a, b in zip(circle, circle[1:])} == set(networkx.find_cycle(ways(minutes, links)))
