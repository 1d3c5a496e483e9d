"""What the comparison of quantizers found, a row a method: means over seeds, sums, who is on the front."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.quantizer_runs import Method, Outcome, Run

ALL = "all networks"
AS_TRAINED = "as trained"  # beside the names of equalizations: the network before its channels were scaled


@dataclass(frozen=True, slots=True)
class Row:
    """One method on one network, or on all together: an outcome a seed."""

    network: str
    method: Method
    correction: str
    equalize: str
    results: tuple[Outcome, ...]

    @property
    def accuracy(self) -> tuple[float, float]:
        """Mean and standard deviation over the seeds, per cent."""
        found = [one.accuracy for one in self.results]
        return float(np.mean(found)), float(np.std(found, ddof=1)) if len(found) > 1 else 0.0

    @property
    def change(self) -> float:
        """Points gained over the float network, mean."""
        return float(np.mean([one.accuracy - one.exact for one in self.results]))

    @property
    def adders(self) -> float:
        """By signed digits, mean over the seeds."""
        return float(np.mean([one.adders for one in self.results]))

    @property
    def adders_a_weight(self) -> float:
        """By signed digits; comparable between networks."""
        weights = self.results[0].weight_bits / self.method.bits
        return self.adders / weights

    @property
    def shared(self) -> float:
        """With a bank an input, mean over the seeds."""
        return float(np.mean([one.shared for one in self.results]))

    @property
    def bank(self) -> float:
        """Adders of the bank of one input, mean over the seeds."""
        return float(np.mean([one.bank for one in self.results]))

    def as_dict(self) -> dict[str, Any]:
        """Means and every seed's outcome, ready for JSON."""
        mean, deviation = self.accuracy
        return {
            **{"network": self.network, **asdict(self.method)},
            **{"correction": self.correction, "equalize": self.equalize},
            **{"accuracy": round(mean, 3), "deviation": round(deviation, 3), "change": round(self.change, 3)},
            **{
                "adders": self.adders,
                "adders_a_weight": round(self.adders_a_weight, 4),
                "shared": self.shared,
                "bank": self.bank,
            },
            "seeds": [asdict(one) for one in self.results],
        }


def gather(found: Iterable[tuple[Run, Outcome]]) -> Iterator[Row]:
    """A row a network, method and choice, its seeds together; in the order of the runs."""
    groups: dict[tuple[str, Method, str, str], list[Outcome]] = {}
    for run, outcome in found:
        equalize = run.equalize if run.badly_scaled or run.equalize != "none" else AS_TRAINED
        groups.setdefault((run.network, run.method, run.correction, equalize), []).append(outcome)
    for key, results in groups.items():
        yield Row(*key, tuple(results))


def together(rows: Sequence[Row]) -> Iterator[Row]:
    """A row a method over all networks: seed by seed the mean accuracy and the sum of everything else."""
    groups: dict[tuple[Method, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.method, row.correction, row.equalize), []).append(row)
    for key, members in groups.items():
        if len(members) > 1:
            yield Row(ALL, *key, tuple(map(_sum, *(row.results for row in members))))


def _sum(*outcomes: Outcome) -> Outcome:
    return Outcome(
        exact=float(np.mean([one.exact for one in outcomes])),
        accuracy=float(np.mean([one.accuracy for one in outcomes])),
        adders=sum(one.adders for one in outcomes),
        bank=max(one.bank for one in outcomes),  # enough for each network
        shared=sum(one.shared for one in outcomes),
        weight_bits=sum(one.weight_bits for one in outcomes),
    )


def front(rows: Sequence[Row], cost: Callable[[Row], float]) -> list[Row]:
    """The rows that no other betters in accuracy without costing more, or in cost without losing accuracy.

    From the cheapest to the dearest, equals side by side."""
    found: list[Row] = []
    for row in sorted(rows, key=lambda row: (cost(row), -row.accuracy[0])):
        if not found or row.accuracy[0] > found[-1].accuracy[0] or _equal(row, found[-1], cost):
            found.append(row)
    return found


def _equal(row: Row, other: Row, cost: Callable[[Row], float]) -> bool:
    return (cost(row), row.accuracy) == (cost(other), other.accuracy)
