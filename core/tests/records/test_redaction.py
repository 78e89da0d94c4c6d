import pytest

from mlkernel.records.redaction import REDACTED, Redactor, is_secret_name


@pytest.mark.parametrize(
    "name",
    ["api_key", "OPENAI_API_KEY", "hf-token", "TOKEN", "db.password", "client_secret", "Authorization"],
)
def test_names_of_secrets(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["monkey", "tokens", "num_tokens", "keyboard", "secretary", "passwords_tried"]
)
def test_names_that_only_sound_like_secrets(name):
    assert not is_secret_name(name)


@pytest.fixture
def redactor():
    return Redactor(
        {"A_TOKEN": "abcdefgh", "B_TOKEN": "abcdefghijkl", "C_KEY": "short", "HOME": "/root/home"}
    )


def test_values_of_secret_variables_are_replaced_whole_wherever_they_are(redactor):
    assert redactor.text("Bearer abcdefghijkl, abcdefgh.") == f"Bearer {REDACTED}, {REDACTED}."
    assert redactor.text("short /root/home") == "short /root/home"


def test_passwords_in_addresses_are_replaced(redactor):
    assert (
        redactor.text("at postgresql://me:pa55@host/db?x=1.") == f"at postgresql://me:{REDACTED}@host/db?x=1."
    )
    assert redactor.text("http://host:5000/a@b and me@host") == "http://host:5000/a@b and me@host"


def test_values_are_redacted_inside_trees_and_objects(redactor):
    class Request:
        def __repr__(self):
            return "Request(token='abcdefgh')"

    assert redactor.value({"a": ["abcdefgh", ("x abcdefgh",)], "api_key": 12, "token": None, "n": 1.5}) == {
        "a": [REDACTED, [f"x {REDACTED}"]],
        "api_key": REDACTED,
        "token": None,
        "n": 1.5,
    }
    assert redactor.value({"request": Request(), "error": ValueError("abcdefgh")}) == {
        "request": f"Request(token='{REDACTED}')",
        "error": f"ValueError('{REDACTED}')",
    }


def test_without_secrets_nothing_is_replaced():
    assert Redactor({}).value({"text": "abc", "n": [1, None, True]}) == {"text": "abc", "n": [1, None, True]}
