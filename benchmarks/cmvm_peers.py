"""The other solvers at work, in an environment of their own: matrices in, their graphs and times out.

    build/peers/bin/python -P benchmarks/cmvm_peers.py MATRICES.npz < jobs > answers

Imports nothing of Shiftwright, whose dependencies that environment has not got. A job is one line of JSON, [tool,
matrix, limit, least input, greatest input]; so is its answer, a graph in the form that cmvm_graphs.py describes. Only
the call of the solver is timed, after one that nobody times; short calls are repeated, and the fastest counts."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

NO_LIMIT = -1  # as both spell it
ROUNDS, ENOUGH = 5, 0.25  # a call is repeated, at most so often, until it has had so many seconds
Matrix = NDArray[np.float32]
Range = tuple[float, float, float]
Json = dict[str, Any]


def da4ml(kernel: Matrix, limit: int, ranges: list[Range]) -> tuple[float, list[Json]]:
    """(seconds, stages) of da4ml's default search; an operation is id0 ± id1 · 2^data."""
    solve = import_module("da4ml.cmvm").solve
    seconds, found = fastest(lambda: solve(kernel, hard_dc=limit, qintervals=ranges))
    return seconds, [
        stage(logic, ([op.opcode, op.id0, op.id1, op.data] for op in logic.ops)) for logic in found.solutions
    ]


def alkaid(kernel: Matrix, limit: int, ranges: list[Range]) -> tuple[float, list[Json]]:
    """(seconds, stages) of alkaid's default search; an operation is addr[0] ± addr[1] · 2^data[0]."""
    solve = import_module("alkaid.cmvm").cmvm_solve
    seconds, found = fastest(lambda: solve(kernel, hard_dc=limit, qintervals=ranges))
    return seconds, [
        stage(logic, ([op.opcode, *(op.addr or (op.data[0], -1)), op.data[0]] for op in logic.ops)) for logic in found
    ]


TOOLS = {"da4ml": da4ml, "alkaid": alkaid}


def stage(logic: Any, operations: Iterator[list[int]]) -> Json:
    """One combinational block: [opcode, first, second, shift] an operation; opcode -1 reads the input `first`."""
    return {
        "input_shifts": [int(shift) for shift in logic.inp_shifts],
        "operations": [[int(number) for number in operation] for operation in operations],
        "outputs": [
            [int(index), int(shift), bool(negative)]
            for index, shift, negative in zip(logic.out_idxs, logic.out_shifts, logic.out_negs, strict=True)
        ],
    }


def fastest(call: Callable[[], Any]) -> tuple[float, Any]:
    """(seconds, result) of the fastest of some calls; one that takes long is not repeated."""
    times: list[float] = []
    while not times or (len(times) < ROUNDS and sum(times) < ENOUGH):
        began = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - began)
    return min(times), result


def main() -> None:
    """Answers the jobs of standard input, one by one."""
    matrices = np.load(sys.argv[1])
    warm: set[str] = set()
    for line in sys.stdin:
        tool, name, limit, lo, hi = json.loads(line)
        matrix = matrices[name]
        kernel = np.ascontiguousarray(matrix.T, dtype=np.float32)  # theirs are (inputs, outputs)
        assert np.array_equal(kernel.T.astype(np.int64), matrix), "float32 does not hold the weights"
        if tool not in warm:
            TOOLS[tool](np.eye(4, dtype=np.float32) * 5, NO_LIMIT, [(-8.0, 7.0, 1.0)] * 4)
            warm.add(tool)
        ranges = [(float(lo), float(hi), 1.0)] * len(kernel)
        seconds, stages = TOOLS[tool](kernel, NO_LIMIT if limit is None else limit, ranges)
        print(json.dumps({"seconds": seconds, "stages": stages}), flush=True)


if __name__ == "__main__":
    main()
