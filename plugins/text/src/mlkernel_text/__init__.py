"""Language-model agents behind an API, trained for real. Names are imported when they are first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlkernel_text.backends.backend import Capabilities, Sample, SampleRequest, SampleResult, TextBackend
    from mlkernel_text.backends.backend_context import BackendContext
    from mlkernel_text.backends.errors import ProviderError
    from mlkernel_text.chat import ChatMessage
    from mlkernel_text.jobs.fine_tune_config import FineTuneConfig
    from mlkernel_text.rollouts.chats import chat_of
    from mlkernel_text.rollouts.episode import Episode, Node
    from mlkernel_text.rollouts.nested_array_dict import (
        NestedArrayDict,
        concatenate_nested_array_dicts,
        stack_nested_array_dicts,
    )
    from mlkernel_text.rollouts.rollouts import rollouts_from
    from mlkernel_text.scenario.scenario import Instance, Interaction, Scenario
    from mlkernel_text.trainer.agent_config import AgentConfig
    from mlkernel_text.trainer.pure_text_config import PureTextConfig
    from mlkernel_text.trainer.pure_text_trainer import PureTextRlTrainer, PureTextTrainer
    from mlkernel_text.trainer.response_tree import ResponseTrees
    from mlkernel_text.trainer.shared_model_group import SharedModelGroup
    from mlkernel_text.trainer.text_environment import TextEnvironment
    from mlkernel_text.trainer.training_rows import up_to_turns

__all__ = [
    "AgentConfig",
    "BackendContext",
    "Capabilities",
    "ChatMessage",
    "Episode",
    "FineTuneConfig",
    "Instance",
    "Interaction",
    "NestedArrayDict",
    "Node",
    "ProviderError",
    "PureTextConfig",
    "PureTextRlTrainer",
    "PureTextTrainer",
    "ResponseTrees",
    "Sample",
    "SampleRequest",
    "SampleResult",
    "Scenario",
    "SharedModelGroup",
    "TextBackend",
    "TextEnvironment",
    "chat_of",
    "concatenate_nested_array_dicts",
    "rollouts_from",
    "stack_nested_array_dicts",
    "up_to_turns",
]

_MODULES = {
    "AgentConfig": "trainer.agent_config",
    "BackendContext": "backends.backend_context",
    "Capabilities": "backends.backend",
    "ChatMessage": "chat",
    "Episode": "rollouts.episode",
    "FineTuneConfig": "jobs.fine_tune_config",
    "Instance": "scenario.scenario",
    "Interaction": "scenario.scenario",
    "NestedArrayDict": "rollouts.nested_array_dict",
    "Node": "rollouts.episode",
    "ProviderError": "backends.errors",
    "PureTextConfig": "trainer.pure_text_config",
    "PureTextRlTrainer": "trainer.pure_text_trainer",
    "PureTextTrainer": "trainer.pure_text_trainer",
    "ResponseTrees": "trainer.response_tree",
    "Sample": "backends.backend",
    "SampleRequest": "backends.backend",
    "SampleResult": "backends.backend",
    "Scenario": "scenario.scenario",
    "SharedModelGroup": "trainer.shared_model_group",
    "TextBackend": "backends.backend",
    "TextEnvironment": "trainer.text_environment",
    "chat_of": "rollouts.chats",
    "concatenate_nested_array_dicts": "rollouts.nested_array_dict",
    "rollouts_from": "rollouts.rollouts",
    "stack_nested_array_dicts": "rollouts.nested_array_dict",
    "up_to_turns": "trainer.training_rows",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
