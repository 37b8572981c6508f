"""The data sets that come by name, as plain data: shown by the API and fetched by the child process."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

from storage.datasets import Task

Scale = Literal["0-1", "standard", "none"]


@dataclass(frozen=True, slots=True)
class Builtin:
    """One built-in data set.

    Attributes:
        library: Whose loader reads it: `sklearn.datasets.load_<name>` or `keras.datasets.<name>.load_data`.
        input_shape: Shape of one example.
        num_classes: None for regression.
        class_names: Empty where the library itself tells them, and for regression.
        train_rows: Rows of the training part. scikit-learn's sets have no other part: all rows are training rows, and a
            search sets some aside by `validation_split`.
        target_shape: () for one number or class, (k,) for k numbers.
        files: Paths below Keras' cache folder (`KERAS_HOME`, else `~/.keras`) that the first use fetches.
    """

    name: str
    description: str
    library: Literal["scikit-learn", "keras"]
    task: Task
    input_shape: tuple[int, ...]
    num_classes: int | None
    scale: Scale
    train_rows: int
    test_rows: int = 0
    class_names: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    target_shape: tuple[int, ...] = ()

    @property
    def needs_network(self) -> bool:
        """Whether the first use fetches files, unless they lie in Keras' cache folder already."""
        return bool(self.files)


_DIGITS = tuple("0123456789")
_CIFAR100 = (
    "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle "
    "caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant "
    "flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man "
    "maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree "
    "plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper "
    "snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train "
    "trout tulip turtle wardrobe whale willow_tree wolf woman worm"
)

BUILTINS: tuple[Builtin, ...] = (
    Builtin(
        name="digits",
        description="1,797 hand-written digits as 8 x 8 grey images with values 0 to 16.",
        library="scikit-learn",
        task="classification",
        input_shape=(8, 8),
        num_classes=10,
        scale="0-1",
        train_rows=1797,
        class_names=_DIGITS,
    ),
    Builtin(
        name="iris",
        description="150 iris flowers of 3 species by 4 lengths and widths in cm.",
        library="scikit-learn",
        task="classification",
        input_shape=(4,),
        num_classes=3,
        scale="standard",
        train_rows=150,
    ),
    Builtin(
        name="wine",
        description="178 wines of 3 growers by 13 chemical measurements.",
        library="scikit-learn",
        task="classification",
        input_shape=(13,),
        num_classes=3,
        scale="standard",
        train_rows=178,
    ),
    Builtin(
        name="breast_cancer",
        description="569 tumours, malignant or benign, by 30 measurements of cell nuclei.",
        library="scikit-learn",
        task="classification",
        input_shape=(30,),
        num_classes=2,
        scale="standard",
        train_rows=569,
    ),
    Builtin(
        name="diabetes",
        description="442 diabetes patients by 10 measurements; the target is the disease's progress after a year.",
        library="scikit-learn",
        task="regression",
        input_shape=(10,),
        num_classes=None,
        scale="standard",
        train_rows=442,
    ),
    Builtin(
        name="linnerud",
        description="20 men by 3 exercises; the targets are their weight, waist and pulse.",
        library="scikit-learn",
        task="regression",
        input_shape=(3,),
        num_classes=None,
        scale="standard",
        train_rows=20,
        target_shape=(3,),
    ),
    Builtin(
        name="mnist",
        description="70,000 hand-written digits as 28 x 28 grey images.",
        library="keras",
        task="classification",
        input_shape=(28, 28),
        num_classes=10,
        scale="0-1",
        train_rows=60_000,
        test_rows=10_000,
        class_names=_DIGITS,
        files=("datasets/mnist.npz",),
    ),
    Builtin(
        name="fashion_mnist",
        description="70,000 pieces of clothing of 10 kinds as 28 x 28 grey images.",
        library="keras",
        task="classification",
        input_shape=(28, 28),
        num_classes=10,
        scale="0-1",
        train_rows=60_000,
        test_rows=10_000,
        class_names=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        files=(
            "datasets/fashion-mnist/train-labels-idx1-ubyte.gz",
            "datasets/fashion-mnist/train-images-idx3-ubyte.gz",
            "datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz",
            "datasets/fashion-mnist/t10k-images-idx3-ubyte.gz",
        ),
    ),
    Builtin(
        name="cifar10",
        description="60,000 photographs of 10 kinds of things as 32 x 32 colour images.",
        library="keras",
        task="classification",
        input_shape=(32, 32, 3),
        num_classes=10,
        scale="0-1",
        train_rows=50_000,
        test_rows=10_000,
        class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        files=("datasets/cifar-10-batches-py-target_archive",),
    ),
    Builtin(
        name="cifar100",
        description="60,000 photographs of 100 kinds of things as 32 x 32 colour images (fine labels).",
        library="keras",
        task="classification",
        input_shape=(32, 32, 3),
        num_classes=100,
        scale="0-1",
        train_rows=50_000,
        test_rows=10_000,
        class_names=tuple(_CIFAR100.split()),
        files=("datasets/cifar-100-python-target_archive",),
    ),
    Builtin(
        name="california_housing",
        description="20,640 districts of California by 8 figures; the target is the median house value in dollars.",
        library="keras",
        task="regression",
        input_shape=(8,),
        num_classes=None,
        scale="standard",
        train_rows=16_512,
        test_rows=4_128,
        files=("datasets/california_housing.npz",),
    ),
    Builtin(
        name="boston_housing",
        description="506 suburbs of Boston by 13 figures; the target is the median house value in 1,000 dollars.",
        library="keras",
        task="regression",
        input_shape=(13,),
        num_classes=None,
        scale="standard",
        train_rows=404,
        test_rows=102,
        files=("datasets/boston_housing.npz",),
    ),
)

_BY_NAME = {item.name: item for item in BUILTINS}


def find_builtin(name: str) -> Builtin | None:
    """The built-in set of this name, or None."""
    return _BY_NAME.get(name)


def builtin_names() -> tuple[str, ...]:
    """The names of all built-in sets, scikit-learn's first."""
    return tuple(_BY_NAME)


def nearest_builtin(name: str) -> str | None:
    """The built-in name somebody may have meant, or None."""
    close = difflib.get_close_matches(name.lower().replace("-", "_"), _BY_NAME, n=1, cutoff=0.6)
    return close[0] if close else None
