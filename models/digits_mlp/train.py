"""Trains the digits MLP, 64-32-16-10 with ReLU, and writes digits_mlp.onnx beside this file.

Run from the repository's root: python -m models.digits_mlp.train"""

from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn

from models import float_onnx
from models.digits import CLASSES, SHAPES, split
from models.training import Recipe, accuracy, train

RECIPE = Recipe(epochs=300, learning_rate=0.02, weight_decay=0.15, weight_noise=0.2)
TARGET = Path(__file__).with_name("digits_mlp.onnx")


def network() -> nn.Sequential:
    """Three fully connected layers; the last one's sums are the logits."""
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            dense1=nn.Linear(64, 32),
            relu1=nn.ReLU(),
            dropout1=nn.Dropout(0.05),
            dense2=nn.Linear(32, 16),
            relu2=nn.ReLU(),
            dense3=nn.Linear(16, CLASSES),
        )
    )


def main() -> None:
    """Trains, prints the accuracy on the images held back, and exports."""
    torch.manual_seed(RECIPE.seed)
    images, held_back = split()
    trained = train(network(), images, SHAPES["mlp"], RECIPE)
    print(f"float accuracy on {len(held_back.x)} held-back images: {accuracy(trained, held_back, SHAPES['mlp']):.1f} %")
    float_onnx.write(trained, SHAPES["mlp"], CLASSES, TARGET)


if __name__ == "__main__":
    main()
