from mlkernel.testing import parametrize_with_checks


@parametrize_with_checks("cards", kind="scenario", overrides=["train_size=64"])
def test_cards_keep_the_contract(check):
    check()


@parametrize_with_checks("prover-verifier", kind="scenario", overrides=["task.train_size=64"])
def test_prover_verifier_games_keep_the_contract(check):
    check()


@parametrize_with_checks("question-answering", kind="scenario", overrides=["task.train_size=64"])
def test_question_answering_keeps_the_contract(check):
    check()


@parametrize_with_checks(
    "question-answering", kind="scenario", overrides=["form=claim", "decision_scale=likert_7"]
)
def test_deciding_alone_keeps_the_contract(check):
    check()
