import io
import sys
from contextlib import redirect_stderr

import pytest
import structlog
from rich.console import Console

from mlkernel.progress.phase_rows import PhaseRows
from mlkernel.progress.rich_bar import RichBar
from mlkernel.progress.run_progress import RunProgress

from .terminal_screen import TerminalScreen


@pytest.fixture
def screen():
    return TerminalScreen(width=80)


@pytest.fixture
def console(screen):
    return Console(stderr=True, force_terminal=True, width=80, height=24, color_system=None)


def picture(progress, *, width, height=24, encoding="utf-8"):
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding=encoding)
    console = Console(file=stream, width=width, height=height, color_system=None, force_terminal=True)
    console.print(PhaseRows(progress))
    stream.flush()
    return buffer.getvalue().decode(encoding).rstrip("\n").split("\n")


@pytest.fixture
def progress(clock):
    progress = RunProgress("ppo-1", {"pretrain": 40, "train": 300}, clock)
    progress.phase_started("pretrain", 40, 0, 0)
    progress.advance("pretrain", 40, {"loss": 0.25})
    progress.phase_ended("pretrain")
    progress.phase_started("train", 300, 0, 0)
    clock.now += 10.0
    progress.advance(
        "train", 150, {"loss": 0.125, "return": 42.0, "explained_variance": 0.9, "entropy": 0.6931}
    )
    progress.phase_started("train/test", None, 0, 1)
    return progress


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
def test_lines_fit_into_the_terminal_and_leave_room_for_an_echoed_control_c(progress, width):
    assert max(len(line) for line in picture(progress, width=width)) <= width - 4


@pytest.mark.parametrize("width", [80, 120])
def test_shows_all_phases_with_count_percent_rate_time_left_and_metrics(progress, width):
    lines = picture(progress, width=width)
    text = "\n".join(lines)
    train = next(line for line in lines if line.startswith("train"))
    assert lines[0] == "ppo-1"
    assert all(figure in train for figure in ("150/300", "50%", "15.0 it/s", "eta 0:00:10"))
    assert all(metric in text for metric in ("loss 0.125", "return 42", "entropy 0.6931"))
    assert lines[-1].startswith("overall")
    assert "55%" in lines[-1]
    assert "  test " in text
    assert "0/?" in text


def test_the_bar_is_as_full_as_the_phase(progress):
    train = next(line for line in picture(progress, width=120) if line.startswith("train"))
    assert train.count("━") == train.count("─") > 10


def test_a_terminal_without_unicode_gets_ascii(progress):
    lines = picture(progress, width=80, encoding="ascii")
    assert any("####" in line and "...." in line for line in lines)


def test_a_low_terminal_keeps_what_runs(progress):
    lines = picture(progress, width=80, height=7)
    assert len(lines) <= 6
    assert not any("0.25" in line for line in lines)
    lines = picture(progress, width=80, height=6)
    assert not any(line.startswith("pretrain") for line in lines)
    assert any(line.startswith("train") for line in lines)


def test_log_lines_appear_above_the_bars_and_tear_nothing(screen, console):
    with redirect_stderr(screen):
        bar = RichBar(console)
        bar.start("ppo-1", {"train": 3})
        bar.phase_started("train", 3, 0, 0)
        logger = structlog.wrap_logger(
            structlog.WriteLogger(sys.stderr),
            processors=[structlog.processors.KeyValueRenderer(sort_keys=True)],
        )
        for number in range(3):
            logger.info("checkpoint saved", number=number)
            bar.advance("train", number + 1, {"loss": 0.5})
        bar.phase_ended("train")
        bar.close("finished")
        assert sys.stderr is screen
    lines = screen.text.split("\n")
    assert lines[:3] == [f"event='checkpoint saved' number={number}" for number in range(3)]
    assert lines[3].startswith("ppo-1  ✓ finished after")
    assert "3/3  100%" in lines[4]
    assert lines[5].strip() == "loss 0.5"
    assert lines[6:] == [""]


def test_a_terminal_made_narrower_shows_no_remains_of_wider_bars(screen, console):
    with redirect_stderr(screen):
        bar = RichBar(console)
        bar.start("ppo-1", {"pretrain": 5, "train": 300})
        bar.phase_started("train", 300, 10, 0)
        sys.stderr.write("before\n")
        screen.narrow(50)
        console.width = 50
        sys.stderr.write("after\n")
        bar.close("stopped")
    lines = screen.text.rstrip().split("\n")
    assert lines[:2] == ["before", "after"]
    assert [line.split()[0] for line in lines[2:]] == ["ppo-1", "pretrain", "train", "overall"]


def test_standard_output_in_a_file_still_gets_what_is_printed(screen, console, capsys):
    with redirect_stderr(screen):
        bar = RichBar(console)
        bar.start("ppo-1", {"train": 3})
        sys.stdout.write("a result\n")
        bar.close("finished")
    assert capsys.readouterr().out == "a result\n"
    assert "a result" not in screen.text


def test_a_terminal_that_went_away_does_not_fail_the_run(screen, console, monkeypatch):
    def gone(text):
        raise OSError(5, "Input/output error")

    with redirect_stderr(screen):
        bar = RichBar(console)
        bar.start("ppo-1", {"train": 3})
        monkeypatch.setattr(screen, "write", gone)
        bar.close("finished")
        assert sys.stderr is screen
