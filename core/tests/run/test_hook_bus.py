import attrs
import pluggy
import pytest

from mlkernel.errors import HookError, PluginError, TrainingError, UsageError
from mlkernel.hookspecs import FAMILIES, hookimpl
from mlkernel.run.hook_bus import FAILURES_ALLOWED, HookBus
from mlkernel.run.session import start_run


class Logger:
    """Keeps what a structlog logger was told."""

    def __init__(self):
        self.warnings = []

    def warning(self, event, **values):
        self.warnings.append((event, values.get("plugin")))


class Listener:
    def __init__(self, raises=None):
        self.heard = []
        self.raises = raises

    @hookimpl
    def on_phase_ended(self, phase):
        self.heard.append(phase)
        if self.raises is not None:
            raise self.raises

    @hookimpl
    def on_run_finished(self):
        self.heard.append("finished")


@pytest.fixture
def logger():
    return Logger()


@pytest.fixture
def make_bus(logger):
    def make(*plugins, strict=False):
        bus = HookBus(logger, strict=strict)
        for number, plugin in enumerate(plugins):
            bus.register(plugin, f"plugin {number}")
        bus.seal()
        return bus

    return make


def tell(bus, phase="train"):
    bus.notifier("on_phase_ended")(run=None, phase=phase)


@pytest.mark.parametrize("raised", [ValueError("broken"), SystemExit(3), AssertionError()], ids=repr)
def test_a_listener_that_raises_keeps_nothing_from_the_others(make_bus, logger, raised):
    first, broken, last = Listener(), Listener(raised), Listener()
    bus = make_bus(first, broken, last)
    tell(bus)
    assert first.heard == broken.heard == last.heard == ["train"]
    assert logger.warnings == [("a listener raised; the run goes on", "plugin 1")]


def test_a_listener_is_not_called_any_more_after_its_third_failure(make_bus, logger):
    broken, other = Listener(ValueError()), Listener()
    bus = make_bus(broken, other)
    for number in range(5):
        tell(bus, str(number))
    bus.notifier("on_run_finished")(run=None)
    assert broken.heard == ["0", "1", "2"]
    assert other.heard == ["0", "1", "2", "3", "4", "finished"]
    assert [plugin for _, plugin in logger.warnings] == ["plugin 0"] * 2, (
        "it is named once, and once when it goes"
    )
    bus.register(Listener(), "late")
    bus.seal()
    tell(bus)
    assert len(broken.heard) == FAILURES_ALLOWED, "a late registration brings nobody back"


def test_strict_plugins_end_the_run_after_everyone_was_told(make_bus):
    broken, last = Listener(ValueError("broken")), Listener()
    bus = make_bus(broken, last, strict=True)
    with pytest.raises(
        PluginError, match=r"plugin 'plugin 0' raised in on_phase_ended: ValueError\('broken'\)"
    ) as told:
        tell(bus)
    assert isinstance(told.value.__cause__, ValueError)
    assert last.heard == ["train"]


def test_interrupts_pass(make_bus):
    with pytest.raises(KeyboardInterrupt):
        tell(make_bus(Listener(KeyboardInterrupt())))


def test_a_misspelt_hook_is_refused_with_a_suggestion(make_bus):
    class Misspelt:
        @hookimpl
        def on_phase_endet(self):
            pass

    with pytest.raises(HookError, match="plugin 'plugin 0' implements the hook 'on_phase_endet'") as told:
        make_bus(Misspelt())
    assert told.value.hint == "Did you mean 'on_phase_ended'?"


def test_an_optional_hook_of_another_version_is_let_be(make_bus):
    class ForNewer:
        @hookimpl(optionalhook=True)
        def on_something_newer(self):
            pass

    make_bus(ForNewer())


def test_an_argument_that_the_hook_lacks_is_refused_by_name(make_bus):
    class Asking:
        @hookimpl
        def on_phase_ended(self, phase, colour):
            pass

    with pytest.raises(HookError, match=r"plugin 'plugin 0' .*on_phase_ended.*colour"):
        make_bus(Asking())


def test_a_notification_cannot_be_wrapped(make_bus):
    class Wrapping:
        @hookimpl(wrapper=True)
        def on_phase_ended(self):
            return (yield)

    with pytest.raises(HookError, match="plugin 'plugin 0' wraps on_phase_ended, which is a notification"):
        make_bus(Wrapping())


class Answering:
    def __init__(self, answer):
        self.answer = answer

    @hookimpl
    def should_stop(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def ask(bus):
    return bus.ask("should_stop", run=None, phase="train", completed=1)


def test_the_first_answer_that_is_not_none_counts(make_bus):
    assert ask(make_bus(Answering("later"), Answering(None), Answering("newest"))) == "newest"
    assert ask(make_bus(Answering("only"), Answering(None))) == "only"
    assert ask(make_bus()) is None


def test_a_question_can_be_wrapped(make_bus):
    class Wrapping:
        @hookimpl(wrapper=True)
        def should_stop(self):
            return f"wrapped {yield}"

    assert ask(make_bus(Wrapping(), Answering("answer"))) == "wrapped answer"


def test_what_an_answering_plugin_raises_is_raised_and_says_when(make_bus):
    with pytest.raises(ZeroDivisionError) as told:
        ask(make_bus(Answering(ZeroDivisionError())))
    assert told.value.__notes__ == ["raised while plugins were asked should_stop"]


def test_every_notification_is_one_and_every_question_is_not():
    manager = pluggy.PluginManager("mlkernel")
    for family in FAMILIES:
        manager.add_hookspecs(family)
    for name, caller in vars(manager.hook).items():
        assert bool(caller.spec.opts["firstresult"]) != name.startswith("on_"), name


EVERY_HOOK = '''
NAMES = [
    "on_run_started", "on_run_finished", "on_run_stopped", "on_run_failed", "on_metrics_logged", "on_metric_reported",
    "on_artifact_kept", "on_phase_started", "on_iteration_ended", "on_phase_ended", "on_checkpoint_saved",
    "on_checkpoint_restored",
]
HEARD = []


class Ear:
    """Implements all notifications of a run."""


def listener(name):
    def hear(self, run):
        HEARD.append(name)
    return hookimpl(hear, specname=name)


for name in NAMES:
    setattr(Ear, name, listener(name))


class Tiny(Base):
    def __init__(self, run):
        super().__init__(run)
        run.hooks.register(Ear(), "ear")

    def train(self):
        for iteration in self.run.loop("train", 2):
            iteration.log(loss=1.0)
            self.run.report("score", iteration.number)
            with self.run.artifact("note.txt") as path:
                path.write_text("x")
            if iteration.number == 0 and self.run.attempt == 1:
                os.kill(os.getpid(), signal.SIGTERM)
            if iteration.number == 1 and self.run.attempt == 2:
                raise RuntimeError("once")
        (Path(__file__).parent / "heard").write_text(" ".join(HEARD))
'''


def test_all_notifications_of_a_run_are_delivered_in_order(trainer_folder):
    folder = trainer_folder(EVERY_HOOK)
    assert folder.start_here().exit_code == 75
    with pytest.raises(TrainingError):
        folder.resume_here()
    assert folder.resume_here().exit_code == 0
    iteration = ["on_metrics_logged", "on_metric_reported", "on_artifact_kept"]
    boundary = ["on_iteration_ended", "on_checkpoint_saved"]
    begin = ["on_run_started", "on_phase_started"]
    assert (folder.folder / "heard").read_text().split() == [
        *(*begin, *iteration, *boundary, "on_run_stopped"),
        *(*begin, *iteration, "on_run_failed"),
        *(*begin, *iteration, *boundary, "on_phase_ended"),
    ]


@pytest.mark.parametrize("question", ["create", "poll", "cancel"])
def test_a_provider_that_no_plugin_answers_for_is_an_error(trainer_folder, question):
    folder = trainer_folder(
        """
from mlkernel import FineTuneJob, FineTuneRequest


class Tiny(Base):
    def step(self, iteration):
        request = FineTuneRequest(
            key="k", provider="acme", model="m", method="dpo", training_file=Path("data.jsonl")
        )
        job = FineTuneJob(key="k", provider="acme", identifier="1", state="running")
        about = {"request": request} if QUESTION == "create" else {"job": job}
        self.run.hooks.ask(f"{QUESTION}_fine_tune_job", run=self.run, **about)
""".replace("QUESTION", repr(question))
    )
    with pytest.raises(UsageError, match="no plugin answers for the fine-tune provider 'acme'") as caught:
        folder.start_here()
    assert "Choose another back end, or install the plugin" in str(caught.value)


def test_a_trainer_answers_for_its_own_provider_and_a_listener_before_it(trainer_folder):
    folder = trainer_folder(
        """
from mlkernel import FINAL_STATES, FineTuneJob


class Tiny(Base):
    @hookimpl(trylast=True)
    def poll_fine_tune_job(self, job):
        return None if job.provider == "acme" else FineTuneJob(
            key=job.key, provider=job.provider, identifier=job.identifier, state="servable", model="tuned"
        )

    def step(self, iteration):
        job = FineTuneJob(key="k", provider="own", identifier="1", state="running")
        polled = self.run.hooks.ask("poll_fine_tune_job", run=self.run, job=job)
        assert polled.state in FINAL_STATES and job.state not in FINAL_STATES
        iteration.log(by_listener=polled.model == "of the listener")
"""
    )
    folder.start_here("iterations=1")
    assert folder.metrics[-1] == ("train", 0, {"by_listener": 0})

    class Listener:
        @hookimpl
        def poll_fine_tune_job(self, job):
            return attrs.evolve(job, state="servable", model="of the listener")

    start_run(
        f"{folder.trainer}:Tiny",
        overrides=["run.progress_bar=none", "iterations=1"],
        runs=folder.runs,
        listeners=[Listener()],
    )
    assert folder.metrics[-1] == ("train", 0, {"by_listener": 1})
