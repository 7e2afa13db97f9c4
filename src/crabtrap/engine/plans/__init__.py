"""Thread plans: how a step, a finish or a run to a location is carried out, stop by stop."""
