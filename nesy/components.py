"""Strongly connected components of small graphs: loading a library for them takes longer.

Tarjan, R. (1972). Depth-first search and linear graph algorithms. SIAM J. Comput. 1(2).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeVar

Node = TypeVar("Node")


def components(graph: Mapping[Node, Collection[Node]]) -> Iterator[list[Node]]:
    """Yield the strongly connected components, each after all others that it points to.

    What is only pointed to is a node as well.
    """
    number: dict[Node, int] = {}
    low: dict[Node, int] = {}
    stack: list[Node] = []
    stacked: set[Node] = set()
    for root in graph:
        way = [] if root in number else [(root, iter(graph[root]))]
        while way:
            node, targets = way[-1]
            if node not in number:
                number[node] = low[node] = len(number)
                stack.append(node)
                stacked.add(node)
            for target in targets:
                if target not in number:
                    way.append((target, iter(graph.get(target, ()))))
                    break
                if target in stacked:
                    low[node] = min(low[node], number[target])
            else:
                way.pop()
                if way:
                    above = way[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == number[node]:
                    at = stack.index(node)
                    found, stack[at:] = stack[at:], []
                    stacked.difference_update(found)
                    yield found
