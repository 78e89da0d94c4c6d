"""The components of this package, told without importing them."""

from __future__ import annotations

from mlkernel import Descriptor

auto = Descriptor(
    name="auto",
    summary="Chooses by space, budget and parallelism: grid, Gaussian process or TPE.",
    factory="mlkernel_search.auto_search:AutoSearch",
    needs=("optuna",),
)
random = Descriptor(
    name="random",
    summary="Independent draws; without repetition where points can be counted.",
    factory="mlkernel_search.random_search:RandomSearch",
)
grid = Descriptor(
    name="grid",
    summary="Every combination of values once.",
    factory="mlkernel_search.grid_search:GridSearch",
    config="mlkernel_search.configs:GridConfig",
)
sobol = Descriptor(
    name="sobol",
    summary="A scrambled Sobol sequence: covers the space more evenly than random draws.",
    factory="mlkernel_search.sobol_search:SobolSearch",
    needs=("scipy",),
)
tpe = Descriptor(
    name="tpe",
    summary="Tree-structured Parzen estimator of Optuna; MOTPE with several objectives.",
    factory="mlkernel_search.tpe_search:TpeSearch",
    config="mlkernel_search.configs:TpeConfig",
    needs=("optuna",),
)
gp = Descriptor(
    name="gp",
    summary="Gaussian processes for spaces of every kind; best for short studies.",
    factory="mlkernel_search.gp_search:GpSearch",
    config="mlkernel_search.configs:GpConfig",
    needs=("scipy",),
)
optuna_gp = Descriptor(
    name="optuna-gp",
    summary="Gaussian process of Optuna on the whole space; for several objectives, too.",
    factory="mlkernel_search.optuna_gp_search:OptunaGpSearch",
    config="mlkernel_search.configs:OptunaGpConfig",
    needs=("optuna", "scipy", "torch"),
)
evolution = Descriptor(
    name="evolution",
    summary="Regularised evolution: mutations of the best of a sample of the newest trials.",
    factory="mlkernel_search.evolution_search:EvolutionSearch",
    config="mlkernel_search.configs:EvolutionConfig",
)
nsga2 = Descriptor(
    name="nsga2",
    summary="NSGA-II, for several objectives.",
    factory="mlkernel_search.nsga2_search:Nsga2Search",
    config="mlkernel_search.configs:Nsga2Config",
)
tune = Descriptor(
    name="tune",
    summary="Another name of random.",
    factory="mlkernel_search.random_search:RandomSearch",
)
bayesian = Descriptor(
    name="bayesian",
    summary="Another name of tpe, as in hpogrid.",
    factory="mlkernel_search.tpe_search:TpeSearch",
    config="mlkernel_search.configs:TpeConfig",
    needs=("optuna",),
)
optuna = Descriptor(
    name="optuna",
    summary="Another name of tpe.",
    factory="mlkernel_search.tpe_search:TpeSearch",
    config="mlkernel_search.configs:TpeConfig",
    needs=("optuna",),
)
motpe = Descriptor(
    name="motpe",
    summary="Another name of tpe, which is MOTPE with several objectives.",
    factory="mlkernel_search.tpe_search:TpeSearch",
    config="mlkernel_search.configs:TpeConfig",
    needs=("optuna",),
)
coordinate = Descriptor(
    name="coordinate",
    summary="A grid over one parameter at a time, the others at their best values so far.",
    factory="mlkernel_search.coordinate_search:CoordinateSearch",
    config="mlkernel_search.configs:CoordinateConfig",
)
bohb = Descriptor(
    name="bohb",
    summary="BOHB's kernel densities of good and bad points, on the largest budget with enough of them.",
    factory="mlkernel_search.bohb_search:BohbSearch",
    config="mlkernel_search.configs:BohbConfig",
)
cma_es = Descriptor(
    name="cma-es",
    summary="CMA-ES with margin for whole numbers and a distribution of categories; for many trials.",
    factory="mlkernel_search.cmaes_search:CmaesSearch",
    config="mlkernel_search.configs:CmaesConfig",
    needs=("cmaes",),
)
hyperopt = Descriptor(
    name="hyperopt",
    summary="Hyperopt's tree-structured Parzen estimator, or its annealing.",
    factory="mlkernel_search.hyperopt_search:HyperoptSearch",
    config="mlkernel_search.configs:HyperoptConfig",
    needs=("hyperopt",),
)
skopt = Descriptor(
    name="skopt",
    summary="Scikit-optimize: Gaussian process, forest or boosted trees with EI, LCB, PI or gp_hedge.",
    factory="mlkernel_search.skopt_search:SkoptSearch",
    config="mlkernel_search.configs:SkoptConfig",
    needs=("skopt", "sklearn"),
)
smbo = Descriptor(
    name="smbo",
    summary="Another name of skopt.",
    factory="mlkernel_search.skopt_search:SkoptSearch",
    config="mlkernel_search.configs:SkoptConfig",
    needs=("skopt", "sklearn"),
)
nevergrad = Descriptor(
    name="nevergrad",
    summary="Nevergrad's NGOpt, which chooses among its optimizers, or any of those by name.",
    factory="mlkernel_search.nevergrad_search:NevergradSearch",
    config="mlkernel_search.configs:NevergradConfig",
    needs=("nevergrad",),
)
nsga3 = Descriptor(
    name="nsga3",
    summary="NSGA-III, for three and more objectives.",
    factory="mlkernel_search.nsga3_search:Nsga3Search",
    config="mlkernel_search.configs:Nsga2Config",
)
smac = Descriptor(
    name="smac",
    summary="SMAC: random forest or Gaussian process with local search of the expected improvement.",
    factory="mlkernel_search.smac_search:SmacSearch",
    config="mlkernel_search.configs:SmacConfig",
    needs=("smac", "ConfigSpace"),
)
ax = Descriptor(
    name="ax",
    summary="Ax: Gaussian processes of BoTorch.",
    factory="mlkernel_search.ax_search:AxSearch",
    config="mlkernel_search.configs:AxConfig",
    needs=("ax", "botorch", "torch"),
)
botorch = Descriptor(
    name="botorch",
    summary="Another name of ax.",
    factory="mlkernel_search.ax_search:AxSearch",
    config="mlkernel_search.configs:AxConfig",
    needs=("ax", "botorch", "torch"),
)
