"""The base class of trainers that compute with torch and write their own training loop."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from mlkernel import Trainer
from mlkernel_torch.device import choose_device
from mlkernel_torch.generators import GlobalGenerators
from mlkernel_torch.settings import apply_settings, attention_kernels, settings
from mlkernel_torch.torch_config import TorchConfig

if TYPE_CHECKING:
    from mlkernel import Run


class TensorDictTrainer(Trainer):
    """Prepares torch for a trainer and keeps its state.

    Build modules, optimisers and schedules in ``__init__``, after ``super().__init__(run)``, on :attr:`device` and with
    :attr:`dtype`. Write :meth:`train`, and in it run each loop inside a context::

        def train(self) -> None:
            with ExitStack() as stack:
                self._build_train_context(stack)
                self._run_train_loop()
            with ExitStack() as stack:
                self._build_test_context(stack)
                self._run_test_loop()

    The configuration's field ``torch``, a :class:`TorchConfig`, says how torch is used; without one the defaults hold.
    """

    device: torch.device
    """Where the trainer computes."""
    dtype: torch.dtype
    """Type of parameters and data."""
    torch_config: TorchConfig
    """How torch is used."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.torch_config = getattr(self.config, "torch", TorchConfig())
        self.device = choose_device(self.torch_config.device)
        self.dtype = getattr(torch, self.torch_config.dtype)
        apply_settings(self.torch_config)
        torch.manual_seed(run.random("torch").seed_value)
        run.keep("torch.generators", GlobalGenerators(), at_loop=True)

    def state_dict(self) -> dict[str, Any]:
        """Return the states of all modules, optimisers and schedules that are attributes of the trainer.

        Override both this and :meth:`load_state_dict` when there is more, such as a best value so far, and begin with
        what ``super()`` returns.
        """
        return {name: part.state_dict() for name, part in self._parts().items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`state_dict` returned."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])

    def _build_train_context(self, stack: ExitStack) -> None:
        """Enter on *stack* what a training loop needs: settings, attention kernels, automatic mixed precision."""
        stack.enter_context(settings(self.torch_config))
        stack.enter_context(attention_kernels(self.device, deterministic=self.torch_config.deterministic))
        if self.torch_config.autocast:
            stack.enter_context(torch.autocast(self.device.type, dtype=torch.bfloat16))

    def _build_test_context(self, stack: ExitStack) -> None:
        """Enter on *stack* what a test loop needs: the same as for training, and no gradients."""
        self._build_train_context(stack)
        stack.enter_context(torch.no_grad())

    def _parts(self) -> dict[str, nn.Module | Optimizer | LRScheduler]:
        return {
            name: value
            for name, value in vars(self).items()
            if isinstance(value, nn.Module | Optimizer | LRScheduler)
        }
