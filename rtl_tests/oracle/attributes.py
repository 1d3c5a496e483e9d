"""A node's attributes, with the defaults of the ONNX specification supplied by whoever asks."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import onnx


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the file says, by name."""

    known: dict[str, Any]

    @classmethod
    def of(cls, node: onnx.NodeProto) -> "Attributes":
        """Reads a node."""
        return cls({attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute})

    def integer(self, name: str, default: int) -> int:
        """An integer attribute."""
        return int(self.known.get(name, default))

    def integers(self, name: str, default: list[int]) -> list[int]:
        """A list of integers."""
        return [int(number) for number in self.known.get(name, default)]

    def real(self, name: str, default: float) -> Fraction:
        """A float attribute, exactly."""
        return Fraction(float(self.known.get(name, default)))

    def text(self, name: str, default: str) -> str:
        """A string attribute."""
        found = self.known.get(name, default)
        return found.decode() if isinstance(found, bytes) else str(found)
