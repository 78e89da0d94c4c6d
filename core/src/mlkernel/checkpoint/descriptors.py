"""State codecs of the core."""

from __future__ import annotations

from mlkernel.descriptors import Descriptor

numpy = Descriptor(
    name="numpy",
    summary="NumPy arrays in checkpoints, as .npz without pickle.",
    factory="mlkernel.checkpoint.numpy_codec:NumpyCodec",
    needs=("numpy",),
)
