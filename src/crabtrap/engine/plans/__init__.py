"""Intents: how a step, a finish or a run to a place is carried out, stop by stop."""
