"""Components of graphs are those that networkx finds, in the order of what rests on what."""

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from nesy.components import components

graphs = st.dictionaries(st.integers(0, 9), st.sets(st.integers(0, 9), max_size=4))


@given(graphs)
def test_components_are_those_of_networkx_each_after_what_it_points_to(graph):
    known = nx.DiGraph((node, target) for node, targets in graph.items() for target in targets)
    known.add_nodes_from(graph)
    found = list(components(graph))
    assert {frozenset(part) for part in found} == set(
        map(frozenset, nx.strongly_connected_components(known))
    )
    place = {node: at for at, part in enumerate(found) for node in part}
    assert all(place[target] <= place[node] for node in graph for target in graph[node])


def test_a_long_chain_is_no_recursion():
    assert len(list(components({n: [n + 1] for n in range(50_000)}))) == 50_001
