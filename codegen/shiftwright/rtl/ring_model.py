"""What a ring's reader needs and when its writer may go on: tables by window and position, the ring's size, its timing.

Everything is looked up by counting positions of the padded grid one after the other. The hardware never counts so: it
keeps totals in step and compares two of them."""

from dataclasses import dataclass
from itertools import accumulate

from shiftwright.rtl.handshake import Handshake, ring


@dataclass(frozen=True, slots=True)
class Traffic:
    """One frame of a ring: `needs` by window is how many of the frame's chunks must be written before it is read,
    `keeps` by position how many of the frame's windows must be over before its place may be written anew.

    A position is written in `chunks` cycles, a window read in `steps`."""

    needs: tuple[int, ...]
    keeps: tuple[int, ...]
    chunks: int
    steps: int

    @property
    def read_cycles(self) -> int:
        """Cycles that reading a frame takes."""
        return len(self.needs) * self.steps

    @property
    def write_cycles(self) -> int:
        """Cycles that writing a frame takes."""
        return len(self.keeps) * self.chunks

    @property
    def interval(self) -> int:
        """Cycles a frame, when neither side stalls: whichever side is slower."""
        return max(self.read_cycles, self.write_cycles)

    def starts(self) -> tuple[list[int], list[int]]:
        """The cycles at which positions begin to be written and windows to be read, for one frame of many, where
        positions come evenly over the interval and windows are read as early as they can be, one after the other."""
        written = [place * self.interval // len(self.keeps) for place in range(len(self.keeps))]
        complete = [written[-(-need // self.chunks) - 1] + self.chunks for need in self.needs]
        over = 0
        for _ in range(2):  # the second time round nothing moves but what waits for the frame before
            read = []
            for ready in complete:
                read.append(max(ready, over))
                over = read[-1] + self.steps
            over -= self.interval
        return written, read

    def places(self) -> int:
        """The least number of positions for a ring that holds nobody up in the timing of `starts`."""
        written, read = self.starts()
        frame, most = len(written), 1
        for position, windows in enumerate(self.keeps):
            free = read[windows - 1] + self.steps
            later = position + most
            while written[later % frame] + later // frame * self.interval < free:
                later += 1
            most = later - position
        return most


def traffic(
    image: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int, int, int],
    dilation: tuple[int, int],
    chunks: int,
    steps: int,
) -> Traffic:
    """The tables of a geometry; see `Ring` for what a window waits for."""
    top, left, bottom, right = padding
    rows, columns = image[0] + top + bottom, image[1] + left + right
    reach = [(taps - 1) * step + 1 for taps, step in zip(kernel, dilation, strict=True)]
    grid = [(row, column) for row in range(rows) for column in range(columns)]
    real = [top <= row < top + image[0] and left <= column < left + image[1] for row, column in grid]
    begins = [
        row * columns + column
        for row in range(0, rows - reach[0] + 1, stride[0])
        for column in range(0, columns - reach[1] + 1, stride[1])
    ]
    to_corner = (reach[0] - 1) * columns + reach[1] - 1
    so_far = list(accumulate(real))
    needs = [max(1, so_far[begin + to_corner] * chunks) for begin in begins]
    begin_at = set(begins)
    begun = list(accumulate(place in begin_at for place in range(len(grid))))
    keeps = [begun[place] for place, is_real in enumerate(real) if is_real]
    return Traffic(tuple(needs), tuple(keeps), chunks, steps)


def ring_handshake(traffic: Traffic, places: int) -> Handshake:
    """The timing model of a ring of so many places."""
    return ring(traffic.needs, traffic.keeps, traffic.chunks, traffic.steps, places)
