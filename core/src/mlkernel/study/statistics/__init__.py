"""What the trials of a study tell: intervals over seeds, comparisons, Pareto fronts, importance of parameters."""
