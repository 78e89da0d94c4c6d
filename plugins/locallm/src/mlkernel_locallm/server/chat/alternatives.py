"""What else the model might have written."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mlkernel_locallm.generation.decoder import ANSWERABLE
from mlkernel_locallm.generation.prompt import Generation
from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.server.chat.chat_answer import Alternatives


@torch.inference_mode()
def likeliest_tokens(
    network: Transformer, prompt: Sequence[int], answer: Generation, count: int
) -> Alternatives:
    """The *count* likeliest tokens at each place of *answer*, computed in float64 by reading the answer once more."""
    tokens = torch.tensor([[*prompt, *answer.tokens]])
    logits = network.copy().double()(tokens)[0, len(prompt) - 1 : -1, list(ANSWERABLE)]
    values, indices = logits.log_softmax(-1).topk(count)
    rows = zip(values.tolist(), indices.tolist(), strict=True)
    return [[(ANSWERABLE[i], round(v, 9)) for v, i in zip(*row, strict=True)] for row in rows]
