"""Trains the digits CNN, three convolutions and one dense layer, and writes digits_cnn.onnx beside this file.

Run from the repository's root: python -m models.digits_cnn.train"""

from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn

from models import float_onnx
from models.digits import CLASSES, SHAPES, split
from models.training import Recipe, accuracy, train

RECIPE = Recipe(epochs=120, learning_rate=0.01, weight_decay=0.3, weight_noise=0.4)
TARGET = Path(__file__).with_name("digits_cnn.onnx")


def network() -> nn.Sequential:
    """Image 8×8 → 8 channels 8×8 → 16 channels 4×4 → 16 channels 4×4 → maxima 2×2 → 64 values → 10 logits.

    The convolutions have no bias of their own: each one's BatchNorm brings it."""
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=nn.Conv2d(1, 8, 3, padding=1, bias=False),
            norm1=nn.BatchNorm2d(8),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(8, 16, 3, padding=1, stride=2, bias=False),
            norm2=nn.BatchNorm2d(16),
            relu2=nn.ReLU(),
            conv3=nn.Conv2d(16, 16, 3, padding=1, bias=False),
            norm3=nn.BatchNorm2d(16),
            relu3=nn.ReLU(),
            pool=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            dense=nn.Linear(64, CLASSES),
        )
    )


def main() -> None:
    """Trains, prints the accuracy on the images held back, and exports."""
    torch.manual_seed(RECIPE.seed)
    images, held_back = split()
    trained = train(network(), images, SHAPES["cnn"], RECIPE)
    print(f"float accuracy on {len(held_back.x)} held-back images: {accuracy(trained, held_back, SHAPES['cnn']):.1f} %")
    float_onnx.write(trained, SHAPES["cnn"], CLASSES, TARGET)


if __name__ == "__main__":
    main()
