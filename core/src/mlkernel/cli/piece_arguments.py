"""The arguments of ``kernel config create|recreate|update``; hpogrid's spellings are taken, too."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

JSON = "JSON"


def add_folder_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare where pieces lie."""
    parser.add_argument(
        "--pieces", metavar="DIRECTORY", type=Path, help="where pieces lie ($MLKERNEL_PIECES, ./pieces)"
    )
    parser.add_argument(
        "--user", action="store_true", help="those that the user has everywhere ($MLKERNEL_CONFIG/pieces)"
    )


def add_piece_arguments(parser: argparse.ArgumentParser, kind: str, action: str) -> None:
    """Declare the name of a piece of *kind*, and what it can be told."""
    parser.add_argument("piece_name", metavar="NAME", help=f"of the {kind}")
    ADDING[kind](parser)
    if kind != "project":
        parser.add_argument(
            "--from",
            metavar="FILE",
            type=Path,
            dest="source",
            help="values from a file: a part of a study file, or one of hpogrid's; options lie over it",
        )
    if action == "update" and kind != "project":
        parser.add_argument(
            "--unset",
            metavar="PATH",
            action="append",
            default=[],
            help="forget what was said of it; may be repeated",
        )
    add_folder_arguments(parser)


def _add_words(parser: argparse.ArgumentParser, example: str) -> None:
    parser.add_argument(
        "words", metavar="path=value", nargs="*", help=f"any of its keys in a study file, such as {example}"
    )


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-a", "--algorithm", metavar="A", help="what proposes points (auto)")
    parser.add_argument("--algorithm_param", metavar=JSON, help="its options")
    parser.add_argument("-s", "--scheduler", metavar="S", help="what ends trials early (fifo)")
    parser.add_argument("--scheduler_param", metavar=JSON, help="its options")
    parser.add_argument("-m", "--metric", action="append", help="what is compared (loss); may be repeated")
    parser.add_argument(
        "-o", "--mode", action="append", choices=("min", "max"), help="which values are better (min)"
    )
    parser.add_argument("-n", "--trials", "--num_trials", metavar="N", dest="num_trials", help="how many")
    parser.add_argument(
        *("-c", "-j", "--jobs", "--max_concurrent"),
        metavar="K",
        dest="max_concurrent",
        help="runs at the same time (1)",
    )
    parser.add_argument("--seed", metavar="N", help="of the study (0)")
    parser.add_argument("--seeds", metavar="N|LIST", help="runs of each trial (1), or their seeds")
    parser.add_argument("--max-step", metavar="N", help="the last step of a trial")
    parser.add_argument(
        "--stop", metavar=JSON, help='as hpogrid has it: {"training_iteration": 10} is --max-step 10'
    )
    parser.add_argument("-r", "--resource", metavar=JSON, help='{"cpu": 1, "gpu": 0}')
    parser.add_argument("-e", "--extra_metrics", help="of hpogrid; all metrics are kept")
    parser.add_argument("-l", "--log_dir", help="of hpogrid; see kernel search --studies")
    parser.add_argument("-v", "--verbose", nargs="?", const="1", help="of hpogrid; see kernel study show")
    _add_words(parser, "algorithm.startup_trials=20")


def _add_space(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        metavar="NAME=DIMENSION|JSON",
        nargs="*",
        help="such as 'lr=loguniform(1e-5,1e-2)', or a space as JSON",
    )
    parser.add_argument("-s", "--search_space", metavar=JSON, help="the same, as hpogrid has it")
    parser.add_argument(
        "--constraint",
        metavar="TEXT",
        action="append",
        default=[],
        help="that all points satisfy; may be repeated",
    )


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-t",
        "--trainer",
        metavar="T",
        help="a trainer's name or reference, module:function, ./file.py:function, or a script",
    )
    parser.add_argument("-s", "--script", metavar="FILE", help="the file that holds the model")
    parser.add_argument("-m", "--model", metavar="NAME", help="the function or class in it")
    parser.add_argument("-p", "--param", metavar=JSON, help="options that all trials share")
    parser.add_argument(
        "--set",
        metavar="path=value",
        action="append",
        default=[],
        dest="shared",
        help="one of them; may be repeated",
    )
    parser.add_argument(
        "-c", "--config", metavar="FILE", action="append", help="of the trainer; may be repeated"
    )
    _add_words(parser, "directory=scripts")


def _add_launcher(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-l", "--launcher", metavar="L", help="where trials run (local)")
    parser.add_argument("-s", "--site", action="append", help="of the grid; several with commas between them")
    parser.add_argument("-c", "--container", help="in which jobs of the grid run")
    parser.add_argument("-i", "--inDS", help="data set that jobs of the grid read")
    parser.add_argument("-o", "--outDS", help="data set that jobs of the grid write")
    parser.add_argument(
        "-r", "--retry", action="store_true", default=None, help="let the grid try failed jobs again"
    )
    parser.add_argument("-e", "--extra", metavar=JSON, help="more that only this launcher knows")
    _add_words(parser, "launcher.cpus=4")


def _add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-p", "--scripts_path", metavar="PATH", type=Path, help="the script, or the folder of all scripts"
    )
    piece = "name of a piece, or a file"
    parser.add_argument("-m", "--model", "--model_config", metavar="M", help=piece)
    parser.add_argument("-s", "--space", "--search_space", metavar="S", help=piece)
    parser.add_argument("-o", "--study", "--hpo_config", metavar="S", help=piece)
    parser.add_argument("-g", "--launcher", "--grid_config", metavar="L", help=piece)
    parser.add_argument(
        "--no-import", action="store_true", help="do not import what trains to see that it is there"
    )
    _add_words(parser, "trials=50")


ADDING: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "study": _add_study,
    "space": _add_space,
    "model": _add_model,
    "launcher": _add_launcher,
    "project": _add_project,
}
"""Kind → what declares its options."""
