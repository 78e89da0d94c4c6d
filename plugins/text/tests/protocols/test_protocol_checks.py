import pytest

from mlkernel.testing import check_plugin

VARIANTS = {
    "nip": [
        [],
        ["verifier_first=false", "max_rounds=2"],
        ["shared_reward=true", "verifier_no_guess_reward=-0.1"],
    ],
    "mnip": [[], ["sequential=true", "max_rounds=9"], ["prover_invalid_response_penalty=-2", "min_rounds=5"]],
    "adp": [[], ["prover_invalid_response_penalty=-1", "shared_reward=true"]],
    "debate": [
        [],
        ["sequential=true"],
        ["verifier_asks=false"],
        ["verifier_first=true", "randomise_prover_stance=true"],
    ],
    "merlin-arthur": [[], ["decision_scale=likert_5", "shared_reward=true"]],
    "solo-verifier": [[], ["verifier_reward=-3", "verifier_neither_reward=2", "force_guess=truth"]],
}


@pytest.mark.parametrize(
    ("name", "overrides"),
    [(name, overrides) for name, variants in VARIANTS.items() for overrides in variants],
)
def test_every_protocol_keeps_the_contract(name, overrides):
    results = check_plugin(name, kind="interaction_protocol", overrides=overrides)
    assert [result for result in results if not result.passed] == []
