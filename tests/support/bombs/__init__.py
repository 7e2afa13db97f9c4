"""Files that are small, or take no room on the disk, and cost a careless reader gigabytes or hours.

``BOMBS`` names them all. Each is written by a function and says what its reader has to tell.
"""

from tests.support.bombs import entries, lines, locations, names, sections, types, units
from tests.support.bombs.bomb import Bomb

__all__ = ["BOMBS", "Bomb"]

BOMBS: dict[str, Bomb] = {
    f"{module.__name__.rpartition('.')[2]}-{name}": bomb
    for module in (sections, units, entries, lines, types, locations, names)
    for name, bomb in module.BOMBS.items()
}
