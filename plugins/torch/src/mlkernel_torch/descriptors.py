"""The components of this package, told without importing torch."""

from __future__ import annotations

from mlkernel import Descriptor

torch_codec = Descriptor(
    name="torch",
    summary="Stores torch tensors in checkpoints, as safetensors.",
    factory="mlkernel_torch.tensor_codec:TensorCodec",
    needs=("torch", "safetensors"),
)
tensordict_codec = Descriptor(
    name="tensordict",
    summary="Stores TensorDicts in checkpoints, as safetensors.",
    factory="mlkernel_torch.tensordict_codec:TensorDictCodec",
    needs=("torch", "safetensors", "tensordict"),
)
