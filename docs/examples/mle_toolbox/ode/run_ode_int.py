import numpy as np

from mlkernel.study.mle_toolbox import DeepLogger, Settings, get_configs_ready


def main(train_config: Settings, net_config: Settings, log_config: Settings) -> None:
    """Integrate x' = -0.1 x with Euler's method, and log x every so many steps."""
    log = DeepLogger(**log_config)
    x = train_config.x_0 + train_config.seed_id
    for i, _ in enumerate(np.arange(train_config.dt, train_config.t_max, train_config.dt)):
        x += -0.1 * x * train_config.dt
        if i % train_config.log_every_steps == 0:
            log.update_log([i + 1], [x])
            log.save_log()


if __name__ == "__main__":
    main(*get_configs_ready(default_config_fname="ode_int_config_1.json"))
