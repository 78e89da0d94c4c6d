"""The components of this package, told without importing anything heavy."""

from __future__ import annotations

from mlkernel import Descriptor, Kind

scenario = Kind(
    name="scenario",
    summary="A game in text: agents, who speaks when, prompts, rewards, ground truth.",
    protocol="mlkernel_text.scenario.scenario:Scenario",
    checks="mlkernel_text.scenario.scenario_checks:scenario_checks",
)
interaction_protocol = Kind(
    name="interaction_protocol",
    summary="Who speaks when in a prover-verifier game, and who wins what.",
    protocol="mlkernel_text.protocols.interaction_protocol:InteractionProtocol",
    checks="mlkernel_text.protocols.protocol_checks:protocol_checks",
)
text_task = Kind(
    name="text_task",
    summary="Problems in text with ground truth.",
    protocol="mlkernel_text.tasks.text_task:TextTask",
    checks="mlkernel_text.tasks.task_checks:task_checks",
)
text_backend = Kind(
    name="text_backend",
    summary="A provider of language models: answers, and fine-tune jobs.",
    protocol="mlkernel_text.backends.backend:TextBackend",
    checks="mlkernel_text.backends.backend_checks:backend_checks",
)
rollout_analyser = Kind(
    name="rollout_analyser",
    summary="Asks a question about every stored episode, by rules or by a judge model.",
    protocol="mlkernel_text.analysers.rollout_analyser:RolloutAnalyser",
    checks="mlkernel_text.analysers.analyser_checks:analyser_checks",
)
cards = Descriptor(
    name="cards",
    summary="A prover points at a card, a verifier looks it up; small enough for the embedded model.",
    factory="mlkernel_text.scenarios.cards:Cards",
    config="mlkernel_text.scenarios.cards_config:CardsConfig",
)
prover_verifier = Descriptor(
    name="prover-verifier",
    summary="Provers and a verifier discuss a claim by an interaction protocol.",
    factory="mlkernel_text.scenarios.prover_verifier:ProverVerifier",
    config="mlkernel_text.scenarios.prover_verifier_config:ProverVerifierConfig",
)
question_answering = Descriptor(
    name="question-answering",
    summary="One agent answers one question.",
    factory="mlkernel_text.scenarios.question_answering:QuestionAnswering",
    config="mlkernel_text.scenarios.question_answering_config:QuestionAnsweringConfig",
)
nip = Descriptor(
    name="nip",
    summary="One prover and a verifier in conversation.",
    factory="mlkernel_text.protocols.nip:Nip",
    config="mlkernel_text.protocols.nip_config:NipConfig",
)
mnip = Descriptor(
    name="mnip",
    summary="Two provers who do not hear each other, and a verifier.",
    factory="mlkernel_text.protocols.mnip:Mnip",
    config="mlkernel_text.protocols.mnip_config:MnipConfig",
)
adp = Descriptor(
    name="adp",
    summary="One message of an adversarial prover, then a decision.",
    factory="mlkernel_text.protocols.adp:Adp",
    config="mlkernel_text.protocols.adp_config:AdpConfig",
)
debate = Descriptor(
    name="debate",
    summary="Two provers argue for opposite sides before a verifier.",
    factory="mlkernel_text.protocols.debate:Debate",
    config="mlkernel_text.protocols.debate_config:DebateConfig",
)
merlin_arthur = Descriptor(
    name="merlin-arthur",
    summary="An honest or a deceiving prover, drawn by a coin, sends one message.",
    factory="mlkernel_text.protocols.merlin_arthur:MerlinArthur",
    config="mlkernel_text.protocols.merlin_arthur_config:MerlinArthurConfig",
)
solo_verifier = Descriptor(
    name="solo-verifier",
    summary="The verifier decides alone.",
    factory="mlkernel_text.protocols.solo_verifier:SoloVerifier",
    config="mlkernel_text.protocols.solo_verifier_config:SoloVerifierConfig",
)
graph_isomorphism = Descriptor(
    name="graph-isomorphism",
    summary="Are these two graphs the same but for the names of their nodes?",
    factory="mlkernel_text.tasks.graph_isomorphism:GraphIsomorphism",
    config="mlkernel_text.tasks.graph_isomorphism_config:GraphIsomorphismConfig",
)
python_functions = Descriptor(
    name="python-functions",
    summary="Does this small Python function do what is asked?",
    factory="mlkernel_text.tasks.python_functions:PythonFunctions",
    config="mlkernel_text.tasks.python_functions_config:PythonFunctionsConfig",
)
arithmetic = Descriptor(
    name="arithmetic",
    summary="Sums of whole numbers.",
    factory="mlkernel_text.tasks.arithmetic:Arithmetic",
    config="mlkernel_text.tasks.arithmetic_config:ArithmeticConfig",
)
local_file = Descriptor(
    name="local-file",
    summary="Problems from a JSON Lines, JSON, CSV or Parquet file.",
    factory="mlkernel_text.tasks.local_file:LocalFile",
    config="mlkernel_text.tasks.local_file_config:LocalFileConfig",
)
openai = Descriptor(
    name="openai",
    summary="OpenAI's interface at any base URL, by the official client.",
    factory="mlkernel_text.backends.openai_backend:OpenAIBackend",
    config="mlkernel_text.backends.openai_config:OpenAIConfig",
    needs=("openai",),
)
azure = Descriptor(
    name="azure",
    summary="Azure OpenAI: OpenAI's interface, and tuned models that must be deployed.",
    factory="mlkernel_text.backends.azure_backend:AzureBackend",
    config="mlkernel_text.backends.azure_config:AzureConfig",
    needs=("openai",),
)
openrouter = Descriptor(
    name="openrouter",
    summary="OpenRouter: many models to sample from, none to tune.",
    factory="mlkernel_text.backends.openrouter_backend:OpenRouterBackend",
    config="mlkernel_text.backends.openrouter_config:OpenRouterConfig",
    needs=("openai",),
)
tinker = Descriptor(
    name="tinker",
    summary="A training interface of single steps: forward-backward, optimiser step, sample, save.",
    factory="mlkernel_text.backends.tinker_backend:TinkerBackend",
    config="mlkernel_text.backends.tinker_config:TinkerConfig",
)
expert_iteration = Descriptor(
    name="expert-iteration",
    summary="Fine-tune agents on their own best rollouts.",
    factory="mlkernel_text.trainers.expert_iteration:ExpertIteration",
    config="mlkernel_text.trainers.expert_iteration_config:ExpertIterationConfig",
)
reward_weighted_regression = Descriptor(
    name="reward-weighted-regression",
    summary="Fine-tune on all rollouts, weighted by the exponential of their reward.",
    factory="mlkernel_text.trainers.reward_weighted_regression:RewardWeightedRegression",
    config="mlkernel_text.trainers.reward_weighted_regression_config:RewardWeightedRegressionConfig",
)
malt = Descriptor(
    name="malt",
    summary="Response trees, and preference pairs at every decision.",
    factory="mlkernel_text.trainers.malt:Malt",
    config="mlkernel_text.trainers.malt_config:MaltConfig",
)
dpo = Descriptor(
    name="dpo",
    summary="Preference pairs among whole answers to one problem.",
    factory="mlkernel_text.trainers.dpo:Dpo",
    config="mlkernel_text.trainers.dpo_config:DpoConfig",
)
star = Descriptor(
    name="star",
    summary="Tune on rationales that lead to the right answer, hinted ones included; always from the base model.",
    factory="mlkernel_text.trainers.star:Star",
    config="mlkernel_text.trainers.star_config:StarConfig",
)
rest = Descriptor(
    name="rest",
    summary="Grow a data set once, then improve on it with rising thresholds.",
    factory="mlkernel_text.trainers.rest:Rest",
    config="mlkernel_text.trainers.rest_config:RestConfig",
)
grpo = Descriptor(
    name="grpo",
    summary="Clipped policy gradient on advantages within groups of answers.",
    factory="mlkernel_text.trainers.grpo:Grpo",
    config="mlkernel_text.trainers.grpo_config:GrpoConfig",
)
rft = Descriptor(
    name="rft",
    summary="Reinforcement fine-tuning at the provider, with a grader.",
    factory="mlkernel_text.trainers.rft:Rft",
    config="mlkernel_text.trainers.rft_config:RftConfig",
)
prompt_evolution = Descriptor(
    name="prompt-evolution",
    summary="Improve prompts instead of weights, by reflection on failures.",
    factory="mlkernel_text.trainers.prompt_evolution:PromptEvolution",
    config="mlkernel_text.trainers.prompt_evolution_config:PromptEvolutionConfig",
)
quotation_accuracy = Descriptor(
    name="quotation-accuracy",
    summary="How faithfully an agent quotes the problem; by rule.",
    factory="mlkernel_text.analysers.quotation_accuracy:QuotationAccuracy",
    config="mlkernel_text.analysers.quotation_accuracy_config:QuotationAccuracyConfig",
)
format_conformance = Descriptor(
    name="format-conformance",
    summary="How often an agent keeps the format; by rule.",
    factory="mlkernel_text.analysers.format_conformance:FormatConformance",
    config="mlkernel_text.analysers.format_conformance_config:FormatConformanceConfig",
)
follow_up = Descriptor(
    name="follow-up",
    summary="Whether the verifier asks about what was said; by a judge model.",
    factory="mlkernel_text.analysers.follow_up:FollowUp",
    config="mlkernel_text.analysers.follow_up_config:FollowUpConfig",
)
role_conformance = Descriptor(
    name="role-conformance",
    summary="Whether agents keep their role; by a judge model.",
    factory="mlkernel_text.analysers.role_conformance:RoleConformance",
    config="mlkernel_text.analysers.role_conformance_config:RoleConformanceConfig",
)
rollouts = Descriptor(
    name="rollouts",
    summary="list, show, analyse and export the episodes of a run",
    factory="mlkernel_text.commands.rollouts_command",
)
