"""What describes a run to TensorBoard: its parameters for comparison, and tables of text."""

from __future__ import annotations

from collections.abc import Mapping

from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionStartInfo
from tensorboard.plugins.text.summary_v2 import text_pb

Parameter = str | int | float | bool


def hyperparameters(values: Mapping[str, Parameter], started: float) -> Summary:
    """What the page *HParams* compares.

    :param started: seconds since 1970.
    """
    info = SessionStartInfo(start_time_secs=started)
    for name, value in values.items():
        if isinstance(value, bool):
            info.hparams[name].bool_value = value
        elif isinstance(value, str):
            info.hparams[name].string_value = value
        else:
            info.hparams[name].number_value = value
    described = metadata.create_summary_metadata(HParamsPluginData(session_start_info=info))
    value = Summary.Value(
        tag=metadata.SESSION_START_INFO_TAG, metadata=described, tensor=metadata.NULL_TENSOR
    )
    return Summary(value=[value])


def table(tag: str, rows: Mapping[str, str]) -> Summary:
    """A table of two columns, on the page *Text*."""
    lines = ["| | |", "|---|---|", *(f"| {_cell(name)} | {_cell(text)} |" for name, text in rows.items())]
    summary: Summary = Summary.FromString(text_pb(tag, "\n".join(lines)).SerializeToString())
    return summary


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
