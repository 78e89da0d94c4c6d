"""Bayesian optimisation with a Gaussian process: features of points, regression, improvement, and its maximiser."""
