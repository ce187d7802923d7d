"""A recording's findings in the formats of other programs: one module a format, written as that format is described."""
