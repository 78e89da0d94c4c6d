"""Options of the tracker ``mlflow``."""

from typing import Any

from attrs import frozen

from mlkernel import option
from mlkernel_mlflow.tracking_uri import without_password


def _has_no_password(_: Any, __: Any, uri: str | None) -> None:
    if uri is not None and without_password(uri) != uri:
        raise ValueError(
            "holds a password, which would be written to the run's directory; leave it in the environment, as "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, PGPASSWORD, or MLFLOW_TRACKING_URI"
        )


@frozen(kw_only=True)
class MlflowConfig:
    """Where runs go."""

    uri: str | None = option(
        None,
        help="Of a server, a database or a folder; $MLFLOW_TRACKING_URI unless given, else the file mlflow.db in the "
        "current folder.",
        validator=_has_no_password,
    )
    experiment: str = option("mlkernel", help="Its name; made if need be.")
    upload_artifacts: bool = option(
        False, help="Whether files that the trainer kept are copied, instead of their paths being told."
    )
