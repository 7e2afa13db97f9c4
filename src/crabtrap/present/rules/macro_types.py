"""Rules for types that macros make in the crates of those who use them.

They are found by what they are made of, since any crate may have them and gives them names.
"""

from crabtrap.present.rules import shapes
from crabtrap.present.rules.rule import Rule

MACRO_RULES: tuple[Rule, ...] = (
    # bitflags 2 hides the number in a type of its own; 1 has it as a field.
    Rule("**::*{0: **::InternalBitFlags}", shapes.Flags("0.0", None)),
    Rule("**::*{bits: *}", shapes.Flags("bits", None)),
)
