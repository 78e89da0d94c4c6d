"""Migrations that the tests name by ``module:function``, as a descriptor does."""


def migrate(values, from_version):
    assert from_version == 1
    values["learning_rate"] = values.pop("lr")
    return values


def failing_migrate(values, from_version):
    return values["no such key"]
