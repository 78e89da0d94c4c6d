"""How many problems a generated task has."""

from attrs import frozen
from attrs.validators import ge

from mlkernel import option
from mlkernel_text.scenario.scenario import Split


@frozen(kw_only=True)
class SplitSizes:
    """Options of every task that makes its own problems."""

    train_size: int = option(1024, help="Problems to train on.", validator=ge(1))
    validation_size: int = option(128, help="Problems to choose settings by.", validator=ge(1))
    test_size: int = option(256, help="Problems to test on.", validator=ge(1))

    def size_of(self, split: Split) -> int:
        """Problems of *split*."""
        sizes: dict[Split, int] = {
            "train": self.train_size,
            "validation": self.validation_size,
            "test": self.test_size,
        }
        return sizes[split]
