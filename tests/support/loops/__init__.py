"""Chains of iterator methods, evaluated by loops and by the general evaluator."""
