"""A cluster of Ray of two nodes, in a process of its own: `python -m tests.cluster.nodes`.

It prints its address, kills the second node for a line on stdin, and ends with stdin.
"""

from __future__ import annotations

import sys

from ray.cluster_utils import Cluster

SIZE = {"num_cpus": 1, "object_store_memory": 100 * 2**20}


def main() -> None:
    cluster = Cluster(initialize_head=True, head_node_args=SIZE)
    try:
        second = cluster.add_node(**SIZE)
        print(cluster.address, flush=True)
        for _ in sys.stdin:
            cluster.remove_node(second, allow_graceful=False)
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
