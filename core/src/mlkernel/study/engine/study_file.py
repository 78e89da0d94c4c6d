"""Study files: TOML, YAML or JSON with the keys of a study, at the top or in a section ``study``.

mle-toolbox's experiments and hpogrid's projects are told by what is in them.
"""

from __future__ import annotations

from pathlib import Path

import attrs

from mlkernel.config.files import read_config_file
from mlkernel.config.layers import Layer
from mlkernel.errors import ConfigError
from mlkernel.study.engine.hpogrid_study import from_hpogrid_study, is_hpogrid_study
from mlkernel.study.engine.mle_toolbox_study import from_mle_toolbox_study, is_mle_toolbox_study
from mlkernel.study.engine.study_settings import SECTION


def read_study_file(path: str | Path) -> Layer:
    """Read a study file as a layer with the section ``study``.

    :raises ConfigError: it cannot be read, or is not of the format that its suffix tells; with line and column.
    """
    layer = read_config_file(path)
    try:
        if is_mle_toolbox_study(layer.tree):
            return attrs.evolve(layer, tree={SECTION: from_mle_toolbox_study(layer.tree)}, origins={})
        if is_hpogrid_study(layer.tree):
            tree = from_hpogrid_study(layer.tree, Path(path))
            return attrs.evolve(layer, tree={SECTION: tree}, origins={})
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", hint=error.hint) from error
    if SECTION not in layer.tree:
        tree = {key: value for key, value in layer.tree.items() if key != "version"}
        origins = {f"{SECTION}.{place}": origin for place, origin in layer.origins.items()}
        layer = attrs.evolve(layer, tree={SECTION: tree}, origins=origins)
    return layer
