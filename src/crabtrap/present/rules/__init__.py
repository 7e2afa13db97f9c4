"""Which view a type has: rules as data, and how they are matched with values."""
