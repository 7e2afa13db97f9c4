"""The shapes that rules give to types: each finds the parts it names and checks them."""

from crabtrap.present.field_paths import Path
from crabtrap.present.rules.rule import Shape
from crabtrap.present.rules.shapes.arrays import Grid
from crabtrap.present.rules.shapes.big_numbers import Number
from crabtrap.present.rules.shapes.bits import Bits
from crabtrap.present.rules.shapes.blocks import Blocks
from crabtrap.present.rules.shapes.columns import Bounds, Cuts, Nullable, Picks, Pieces
from crabtrap.present.rules.shapes.custom import Adaptor, Custom
from crabtrap.present.rules.shapes.erased import Erased
from crabtrap.present.rules.shapes.flags import Flags
from crabtrap.present.rules.shapes.joined import Joined, Part
from crabtrap.present.rules.shapes.maps import Arena, Hash, Pairs, Tree
from crabtrap.present.rules.shapes.sequences import Chain, Ring, Sequence
from crabtrap.present.rules.shapes.shape_parts import buffer, payload, short_name
from crabtrap.present.rules.shapes.texts import Format, Hex, Names, Slices, Text, text_at
from crabtrap.present.rules.shapes.times import Instant, Period
from crabtrap.present.rules.shapes.wrappers import Record, Wrapper

__all__ = [
    "Adaptor",
    "Arena",
    "Bits",
    "Blocks",
    "Bounds",
    "Chain",
    "Custom",
    "Cuts",
    "Erased",
    "Flags",
    "Format",
    "Grid",
    "Hash",
    "Hex",
    "Instant",
    "Joined",
    "Names",
    "Nullable",
    "Number",
    "Pairs",
    "Part",
    "Path",
    "Period",
    "Picks",
    "Pieces",
    "Record",
    "Ring",
    "Sequence",
    "Shape",
    "Slices",
    "Text",
    "Tree",
    "Wrapper",
    "buffer",
    "payload",
    "short_name",
    "text_at",
]
