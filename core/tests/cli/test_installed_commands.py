"""Commands and servers that plugins bring."""

from __future__ import annotations

import pytest

HELLO = """
    from mlkernel import Descriptor

    {attribute} = Descriptor(name={name!r}, summary="greet somebody", factory="{module}_command")
"""
COMMAND = """
    from mlkernel import UsageError

    def add_arguments(parser):
        parser.add_argument("who")
        parser.add_argument("--code", type=int, default=0)

    def run(arguments):
        if arguments.who == "nobody":
            raise UsageError("nobody cannot be greeted", hint="Name somebody.")
        print(f"hello {arguments.who} from {module}")
        return arguments.code
"""


def install_command(site_folder, distribution, name, source=COMMAND, module=None):
    module = module or distribution.replace("-", "_")
    attribute = name.replace("-", "_")
    site_folder.install(
        distribution,
        {
            module: HELLO.format(attribute=attribute, name=name, module=module),
            f"{module}_command": source.replace("{module}", module),
        },
        {"mlkernel.commands": {name: f"{module}:{attribute}"}},
    )


def test_help_lists_a_command_and_imports_nothing_of_it(site_folder):
    install_command(site_folder, "greetings", "hello", source="raise SystemExit('imported')")
    answer = site_folder.kernel("--help")
    assert answer.returncode == 0
    assert "hello" in answer.stdout
    assert "greet somebody (greetings)" in answer.stdout
    assert site_folder.kernel("version").returncode == 0


def test_a_command_is_run_and_explains_itself(site_folder):
    install_command(site_folder, "greetings", "hello")
    answer = site_folder.kernel("hello", "world", "--code", "3")
    assert (answer.returncode, answer.stdout) == (3, "hello world from greetings\n")
    explained = site_folder.kernel("hello", "--help")
    assert explained.stdout.startswith("usage: kernel hello")
    assert "Greet somebody (greetings)." in explained.stdout
    refused = site_folder.kernel("hello", "nobody")
    assert refused.returncode == 2
    assert refused.stderr == "error: nobody cannot be greeted\n  → Name somebody.\n"


def test_a_file_that_a_command_cannot_use_is_named_without_a_traceback(site_folder, tmp_path):
    reading = COMMAND.replace("print(", "open(arguments.who)\n        print(")
    install_command(site_folder, "greetings", "hello", source=reading)
    missing = str(tmp_path / "missing" / "file")
    refused = site_folder.kernel("hello", missing)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"error: {missing}: No such file or directory\n  → ")
    assert "Traceback" in site_folder.kernel("hello", missing, "--traceback").stderr


def test_words_after_a_plugins_command_are_its_own(site_folder):
    install_command(site_folder, "greetings", "hello")
    assert "hello list from greetings" in site_folder.kernel("hello", "list").stdout


def test_two_distributions_with_one_command_are_told_apart(site_folder):
    install_command(site_folder, "first-one", "hello")
    install_command(site_folder, "second-one", "hello")
    answer = site_folder.kernel("hello", "world")
    assert answer.returncode == 2
    assert "2 distributions provide a command 'hello': first-one 1.0 and second-one 1.0" in answer.stderr
    assert "Write first-one:hello or second-one:hello." in answer.stderr
    assert "hello world from second_one" in site_folder.kernel("second-one:hello", "world").stdout
    listed = site_folder.kernel("--help").stdout
    assert "first-one:hello" in listed
    assert "second-one:hello" in listed


def test_a_built_in_command_keeps_its_name(site_folder):
    install_command(site_folder, "greetings", "version")
    assert "mlkernel" in site_folder.kernel("version").stdout
    refused = site_folder.kernel("greetings:version", "world")
    assert refused.returncode == 2
    assert (
        "command 'version' (greetings 1.0) cannot be had: kernel has a command of that name" in refused.stderr
    )
    listed = " ".join(site_folder.kernel("--help").stdout.split())
    assert "The command 'version' of greetings cannot be had: kernel has one of that name." in listed
    checked = site_folder.kernel("plugin", "check", "command:version")
    assert checked.returncode != 0
    assert "kernel has a command 'version'; choose another name" in checked.stdout + checked.stderr


def test_a_command_can_be_named_by_its_distribution_without_need(site_folder):
    install_command(site_folder, "greetings", "hello")
    assert "hello world" in site_folder.kernel("greetings:hello", "world").stdout


def test_a_blocked_command_is_not_listed_and_says_so(site_folder):
    install_command(site_folder, "greetings", "hello")
    assert site_folder.kernel("plugin", "block", "greetings").returncode == 0
    assert "greet somebody" not in site_folder.kernel("--help").stdout
    answer = site_folder.kernel("hello", "world")
    assert answer.returncode == 2
    assert "is blocked" in answer.stderr


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def run(arguments): ...", "the module greetings_command has no function add_arguments"),
    ],
)
def test_a_broken_command_is_one_message_and_hurts_no_other(site_folder, source, told):
    install_command(site_folder, "greetings", "hello", source=source)
    answer = site_folder.kernel("hello", "world")
    assert answer.returncode == 2
    assert "command 'hello' (greetings 1.0)" in answer.stderr
    assert told in answer.stderr
    assert site_folder.kernel("--help").returncode == 0


def test_a_misspelt_command_of_a_plugin_gets_a_suggestion(site_folder):
    install_command(site_folder, "greetings", "hello")
    answer = site_folder.kernel("helo")
    assert (answer.returncode, answer.stderr) == (
        2,
        "error: there is no command 'helo'; did you mean 'hello'?\n  → kernel --help lists all.\n",
    )


def test_a_sound_command_passes_its_checks(site_folder):
    install_command(site_folder, "greetings", "hello")
    checked = site_folder.kernel("plugin", "check", "command:hello")
    assert checked.returncode == 0, checked.stdout + checked.stderr


SERVER = """
    from attrs import frozen
    from mlkernel import Descriptor, option

    echo = Descriptor(name="echo", summary="Says it again.", factory="echoes:Echo", config="echoes:EchoConfig")


    @frozen(kw_only=True)
    class EchoConfig:
        port: int = option(8000, help="Where.")


    class Echo:
        def __init__(self, config):
            self.config = config

        def app(self):
            return None

        def serve(self):
            print(f"serving at {self.config.port}")
"""


@pytest.fixture
def echo(site_folder):
    site_folder.install("echoes", {"echoes": SERVER}, {"mlkernel.servers": {"echo": "echoes:echo"}})
    site_folder.workplace.mkdir()
    return site_folder


def test_a_server_is_served_with_its_options(echo):
    answer = echo.kernel("serve", "echo", "port=1")
    assert (answer.returncode, answer.stdout) == (0, "serving at 1\n")


def test_a_file_may_name_the_server_and_its_options(echo):
    (echo.workplace / "server.toml").write_text('[server]\nuse = "echo"\nport = 2\n')
    assert echo.kernel("serve", "--config", "server.toml").stdout == "serving at 2\n"
    assert echo.kernel("serve", "-c", "server.toml", "port=3").stdout == "serving at 3\n"
    assert "Says it again." in echo.kernel("serve", "-c", "server.toml", "--help").stdout


def test_the_help_of_serve_lists_the_options_of_a_server(echo):
    assert "port  int   8000     Where." in echo.kernel("serve", "echo", "--help").stdout
    assert "kernel serve NAME --help lists" in echo.kernel("serve", "--help").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["echo", "prt=1"], "server.prt: unknown key; did you mean port?"),
        (["echo", "port=x"], "server.port: expected int, got text 'x'  (command line: port=x)"),
        (["eco"], "there is no server 'eco'; did you mean 'echo' (echoes 1.0)?"),
        ([], "no server was named"),
        (["port=1"], "no server was named"),
        (["-c", "none.toml"], "the configuration file none.toml cannot be read"),
    ],
)
def test_wrong_input_to_serve_is_told(echo, words, told):
    answer = echo.kernel("serve", *words)
    assert answer.returncode == 2
    assert told in answer.stderr


def test_a_server_passes_its_checks(echo):
    checked = echo.kernel("plugin", "check", "server:echo")
    assert checked.returncode == 0, checked.stdout + checked.stderr
