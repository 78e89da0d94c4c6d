"""The configuration of the game of cards."""

from attrs import frozen
from attrs.validators import and_, ge, le

from mlkernel import option


@frozen(kw_only=True)
class CardsConfig:
    """The defaults are those for which weights of the embedded model are shipped."""

    cards: int = option(4, help="Cards on the table.", validator=and_(ge(2), le(8)))
    shared_reward: bool = option(
        False, help="The prover wins when the verifier is right, and not when it accepts."
    )
    train_size: int = option(4096, help="Problems to train on.", validator=ge(1))
    validation_size: int = option(512, help="Problems to choose settings by.", validator=ge(1))
    test_size: int = option(512, help="Problems to test on.", validator=ge(1))
